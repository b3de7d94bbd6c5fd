// SPDX-License-Identifier: Apache-2.0
// The wiring diagram of the program: one verb, one function. Parsing and the verbs themselves are
// in agent/cli; `worker` is what the symbolizer's client starts this executable again as.
#include <malloc.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "agent/cli/arguments.h"
#include "agent/cli/boost.h"
#include "agent/cli/config_verbs.h"
#include "agent/cli/diff.h"
#include "agent/cli/doctor.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/record.h"
#include "agent/cli/report.h"
#include "agent/cli/status.h"
#include "agent/cli/top.h"
#include "agent/daemon/run.h"
#include "core/base/json.h"
#include "core/base/version.h"
#include "symbolizer/worker/worker_main.h"

namespace sonde {
namespace {

int run_version(const VersionOptions& options) {
  const std::string version = SONDE_VERSION;
  const std::string text =
      options.json ? json_text(Json{{"version", version}}) : "sonde " + version;
  return std::puts(text.c_str()) < 0 ? kExitError : kExitOk;
}

// The worker shares our terminal, but Ctrl-C is not meant for it: it ends when we close its socket.
int run_worker() {
  ::prctl(PR_SET_NAME, "sonde-worker");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(signal, SIG_IGN);
  return worker_main(kWorkerSocketFd);
}

int stop_with(const ParseStop& stop) {
  std::fputs(stop.text.c_str(), stop.exit_code == kExitOk ? stdout : stderr);
  return stop.exit_code;
}

// Large tables live for moments: each goes back to the kernel when it is freed. By default glibc
// raises the limit by each such block and keeps the next one (mallopt(3)): 18 MiB on an idle host.
void give_large_blocks_back() {
  constexpr int kLargeBytes = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLargeBytes);
}

struct Runner {
  int operator()(const ParseStop& stop) const { return stop_with(stop); }
  int operator()(const RunOptions& options) const { return run_agent(options); }
  int operator()(const RecordOptions& options) const { return run_record(options); }
  int operator()(const ReportOptions& options) const { return run_report(options); }
  int operator()(const DiffOptions& options) const { return run_diff(options); }
  int operator()(const TopOptions& options) const { return run_top(options); }
  int operator()(const VersionOptions& options) const { return run_version(options); }
  int operator()(const DoctorOptions& options) const { return run_doctor(options); }
  int operator()(const StatusOptions& options) const { return run_status(options); }
  int operator()(const BoostOptions& options) const { return run_boost(options); }
  int operator()(const ValidateOptions& options) const { return run_validate(options); }
  int operator()(const ConfigPrintOptions& options) const { return run_config_print(options); }
};

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  try {
    sonde::give_large_blocks_back();
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.size() == 1 && arguments[0] == "worker") return sonde::run_worker();
    return std::visit(sonde::Runner{}, sonde::parse_command_line(arguments));
  } catch (const std::exception& error) {  // our code throws nothing: out of memory, most likely
    std::fprintf(stderr, "sonde: %s\n", error.what());
    return sonde::kExitError;
  }
}
