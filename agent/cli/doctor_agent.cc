// SPDX-License-Identifier: Apache-2.0
// The checks of `sonde doctor` for the agent: its configuration, the addresses it listens on, the
// directory where it keeps its state, and whether one runs already.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/cli/agent_client.h"
#include "agent/cli/doctor.h"
#include "agent/cli/figures.h"
#include "agent/cli/json_fields.h"
#include "agent/config/load.h"
#include "agent/web/listener.h"
#include "core/base/directory.h"

namespace sonde {
namespace {

constexpr HttpLimits kPatience{.total = std::chrono::milliseconds(2'000)};
constexpr const char* kNoAgent = "sonde run does not start; sonde record works";

// What earlier checks left for later ones.
struct AgentState {
  std::optional<Config> config;  // none: it is not valid
  bool is_running = false;       // an agent answers on config's address
};

CheckResult ok(std::string detail) { return CheckResult{.detail = std::move(detail)}; }

CheckResult skipped() { return CheckResult{.status = CheckStatus::kSkipped}; }

CheckResult ends_agent(std::string cause, std::string fix) {
  return CheckResult{.status = CheckStatus::kFailed,
                     .cause = std::move(cause),
                     .fix = std::move(fix),
                     .until = kNoAgent,
                     .ends_agent = true};
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

CheckResult check_configuration(const ConfigFlags& flags, AgentState& state) {
  const LoadedConfig loaded = load_config(config_sources(flags));
  if (!loaded.config) {
    return ends_agent(joined(loaded.problems), "correct it, then check it: sonde validate");
  }
  state.config = loaded.config;
  const std::string from = loaded.file.empty() ? "defaults, no file" : loaded.file;
  if (loaded.notes.empty()) return ok(from);
  return CheckResult{
      .status = CheckStatus::kLimited, .detail = from, .cause = joined(loaded.notes)};
}

CheckResult check_running(AgentState& state) {
  if (!state.config) return skipped();
  if (state.config->listen.port == 0) return ok("not known, it chooses its port");
  AgentClient client(state.config->listen, kPatience);
  const auto status = client.get("/status");
  if (status) {
    state.is_running = true;
    const std::uint64_t now = count_in(*status, "now");
    const std::uint64_t up_ms = now - std::min(count_in(*status, "started"), now);
    return ok("sonde " + text_in(*status, "version") + ", up " +
              format_duration(up_ms * 1'000'000) + ", " + client.url());
  }
  const ErrorCode code = status.error().code;
  if (code == ErrorCode::kUnavailable || code == ErrorCode::kFailedPrecondition) return ok("none");
  return CheckResult{.status = CheckStatus::kLimited,
                     .cause = status.error().message,
                     .fix = "sonde status    (shows whether it lasts)"};
}

// The next port on the same address that nobody listens on.
std::string free_neighbour(ListenAddress address) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries && address.port < 65'535; ++i) {
    ++address.port;
    if (open_listener(address)) return address.text();
  }
  address.port = 0;
  return address.text();
}

// Who answers health checks there is taken for the running agent.
bool is_telemetry_of_agent(const ListenAddress& address) {
  const auto answer = HttpClient(kPatience).get("http://" + address.text() + "/healthz");
  if (!answer) return false;
  const auto json = parse_json(answer->body);
  return json && text_in(*json, "reason") == "sonde answers";
}

CheckResult check_address(const ListenAddress& address, bool is_agents, const char* flag) {
  if (is_agents) return ok(address.text() + ", used by the running agent");
  const auto listener = open_listener(address);
  if (listener) return ok(address.text());
  const Error& error = listener.error();
  const std::string other = std::string("sonde run ") + flag + " ";
  if (error.sys_errno == EADDRINUSE) {
    return ends_agent(
        "another program listens on " + address.text(),
        other + free_neighbour(address) +
            "\nor stop the other one: ss -ltnp 'sport = :" + std::to_string(address.port) + "'");
  }
  if (error.sys_errno == EADDRNOTAVAIL) {
    return ends_agent(
        address.ip + " is no address of this host",
        other + "127.0.0.1:" + std::to_string(address.port) + "\nor another one of: ip address");
  }
  if (error.sys_errno == EACCES) {
    return ends_agent("ports below 1024 need root or CAP_NET_BIND_SERVICE",
                      other + address.ip + ":7663");
  }
  return ends_agent(error.message, other + "127.0.0.1:7663");
}

CheckResult check_listen(const AgentState& state) {
  if (!state.config) return skipped();
  return check_address(state.config->listen, state.is_running, "--listen");
}

CheckResult check_telemetry(const AgentState& state) {
  if (!state.config) return skipped();
  if (!state.config->telemetry_listen) return ok("off");
  const ListenAddress& address = *state.config->telemetry_listen;
  return check_address(address, state.is_running && is_telemetry_of_agent(address),
                       "--telemetry-listen");
}

// The deepest part of a path that is there.
std::string existing_part(std::string path) {
  while (path.size() > 1 && ::access(path.c_str(), F_OK) != 0) {
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
  }
  return path;
}

// Why no file can be made in a directory, 0 if one can. Leaves nothing behind.
int write_problem(const std::string& directory) {
  const UniqueFd made(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (made) return 0;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return errno;
  return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

// True if a running sonde holds the history. The lock is only tried.
bool is_held(const std::string& history) {
  const UniqueFd fd(::open(history.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

CheckResult check_held(const AgentState& state) {
  const std::string& dir = state.config->state_dir;
  if (state.is_running) return ok(dir + ", used by the running agent");
  return ends_agent("another sonde keeps its history in " + dir + ", and does not answer on " +
                        state.config->listen.text(),
                    "stop it; this shows which it is: fuser -v " + dir +
                        "/history\nor give this one its own: sonde run --state-dir DIR --listen "
                        "ADDRESS");
}

constexpr const char* kOtherDisk = "sonde run --state-dir DIR    (a directory on a writable disk)";

// A directory of the state that is there and cannot be used.
CheckResult check_refused(const Error& error, const std::string& dir, bool is_history) {
  const bool is_foreign = error.code == ErrorCode::kPermissionDenied && error.sys_errno == 0;
  const std::string own = "sudo chown -R \"$(id -u)\" " + dir + " && sudo chmod -R go-w " + dir;
  if (is_foreign && is_history) return ends_agent(error.message, own);
  return CheckResult{
      .status = CheckStatus::kLimited,
      .cause = error.message,
      .fix = is_foreign ? own : kOtherDisk,
      .until = is_history ? "profiles stay in memory only" : "names and unwind rows are not kept"};
}

CheckResult check_state_directory(const AgentState& state) {
  if (!state.config) return skipped();
  const std::string& dir = state.config->state_dir;
  if (is_held(dir + "/history")) return check_held(state);
  for (const std::string& part : {dir + "/history", dir + "/names", dir + "/rows"}) {
    if (::access(part.c_str(), F_OK) != 0) continue;  // opening would make it
    const auto opened = open_private_directory(part);
    if (!opened) return check_refused(opened.error(), dir, part.ends_with("/history"));
  }
  const std::string there = existing_part(dir);
  if (const int problem = write_problem(there); problem != 0) {
    return CheckResult{.status = CheckStatus::kLimited,
                       .cause = Error::from_errno(problem, "write to " + there).message,
                       .fix = kOtherDisk,
                       .until = "profiles stay in memory only"};
  }
  struct statvfs disk {};
  if (::statvfs(there.c_str(), &disk) != 0) return ok(dir);
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  constexpr std::uint64_t kLittle = std::uint64_t{64} << 20;
  if (free >= kLittle) return ok(dir + ", " + format_bytes(free) + " free");
  return CheckResult{.status = CheckStatus::kLimited,
                     .detail = dir,
                     .cause = "the disk has " + format_bytes(free) + " left",
                     .fix = kOtherDisk,
                     .until = "profiles stay in memory when it is full"};
}

}  // namespace

std::vector<DoctorCheck> agent_checks(const DoctorOptions& options) {
  auto state = std::make_shared<AgentState>();
  return {
      {"configuration",
       [state, flags = options.config] { return check_configuration(flags, *state); }},
      {"running agent:", [state] { return check_running(*state); }},
      {"listen address", [state] { return check_listen(*state); }},
      {"telemetry address", [state] { return check_telemetry(*state); }},
      {"state directory", [state] { return check_state_directory(*state); }},
  };
}

}  // namespace sonde
