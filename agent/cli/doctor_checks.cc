// SPDX-License-Identifier: Apache-2.0
// The checks of `sonde doctor`, in the order in which recording needs them.
#include <dirent.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/capture/bpf_error.h"
#include "agent/capture/cpu_sampler.h"
#include "agent/capture/online_cpus.h"
#include "agent/capture/process_events.h"
#include "agent/capture/sideband.h"
#include "agent/cli/doctor.h"
#include "agent/cli/figures.h"
#include "agent/cli/own_stack.h"
#include "agent/engine/host_facts.h"
#include "agent/process/cgroup_layout.h"
#include "bpf/abi/frame.h"
#include "core/base/file.h"
#include "core/base/privileges.h"
#include "symbolizer/client/kernel_symbols.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxSettingBytes = 4096;

// What earlier checks left for later ones.
struct DoctorState {
  std::string cache_dir;
  bool can_sample = true;  // perf events and BPF programs work
  std::unique_ptr<CpuSampler> sampler;
};

CheckResult ok(std::string detail) { return CheckResult{.detail = std::move(detail)}; }

CheckResult skipped() { return CheckResult{.status = CheckStatus::kSkipped}; }

// A failure that ends recording. Errors of agent/capture carry their fix behind `fix: `.
CheckResult fatal(const Error& error) {
  constexpr std::string_view kFix = "\n  fix: ";
  CheckResult out{.status = CheckStatus::kFailed,
                  .until = "nothing can be recorded",
                  .code = exit_code_of(error)};
  if (out.code == kExitError) out.code = kExitDegraded;
  const std::size_t at = error.message.find(kFix);
  out.cause = error.message.substr(0, at);
  if (at != std::string::npos) out.fix = error.message.substr(at + kFix.size());
  return out;
}

std::string first_line_of(const char* path) {
  const auto text = read_file(path, kMaxSettingBytes);
  return text ? text->substr(0, text->find('\n')) : "";
}

CheckResult check_kernel() {
  utsname name{};
  ::uname(&name);
  const std::string release = &name.release[0];
  int major = 0;
  int minor = 0;
  const char* const end = release.data() + release.size();
  const auto dot = std::from_chars(release.data(), end, major);
  if (dot.ptr < end) std::from_chars(dot.ptr + 1, end, minor);
  if (major > 5 || (major == 5 && minor >= 10)) return ok(release);
  return CheckResult{.status = CheckStatus::kFailed,
                     .detail = release,
                     .cause = "kernels before 5.10 lack BPF functions that unwinding needs",
                     .fix = "boot a kernel of 5.10 or later",
                     .until = "nothing can be recorded",
                     .code = kExitUnsupportedKernel};
}

CheckResult check_btf() {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) == 0) return ok("/sys/kernel/btf/vmlinux");
  return CheckResult{.status = CheckStatus::kFailed,
                     .cause =
                         "/sys/kernel/btf/vmlinux cannot be read: the kernel was built "
                         "without CONFIG_DEBUG_INFO_BTF, or /sys is not mounted",
                     .fix =
                         "boot a kernel with CONFIG_DEBUG_INFO_BTF=y (those of Debian, Ubuntu, "
                         "Fedora and RHEL have it), or mount -t sysfs sysfs /sys",
                     .until = "nothing can be recorded",
                     .code = kExitUnsupportedKernel};
}

CheckResult check_lockdown() {
  const std::string modes = first_line_of("/sys/kernel/security/lockdown");
  if (modes.empty()) return ok("not in this kernel");
  const std::size_t open = modes.find('[');
  const std::size_t close = modes.find(']');
  if (open == std::string::npos || close == std::string::npos) return ok(modes);
  const std::string mode = modes.substr(open + 1, close - open - 1);
  if (mode != "confidentiality") return ok(mode);
  return CheckResult{.status = CheckStatus::kFailed,
                     .detail = mode,
                     .cause = "lockdown forbids BPF programs to read memory",
                     .fix = "boot with lockdown=integrity (or without secure boot)",
                     .until = "nothing can be recorded",
                     .code = kExitNoPermission};
}

CheckResult check_pid_namespace() {
  const auto init = require_init_pid_namespace();
  if (init) return ok("the host's");
  CheckResult out = fatal(init.error());
  out.code = kExitNoPermission;
  return out;
}

// Opens a disabled clock on one CPU. Returns errno, 0 if it worked.
int try_clock(std::uint32_t cpu) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = 10'000'000;
  attributes.disabled = 1;
  const UniqueFd fd(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, -1,
                                               static_cast<int>(cpu), -1, PERF_FLAG_FD_CLOEXEC)));
  return fd ? 0 : errno;
}

CheckResult check_perf(DoctorState& state) {
  const auto cpus = online_cpus();
  if (!cpus) return fatal(cpus.error());
  for (const std::uint32_t cpu : *cpus) {
    const int err = try_clock(cpu);
    if (err == 0) continue;
    state.can_sample = false;
    return fatal(explain_perf_error(err, "CPU " + std::to_string(cpu)));
  }
  return ok("cpu-clock, CPUs " + first_line_of("/sys/devices/system/cpu/online"));
}

CheckResult check_sampler(DoctorState& state) {
  if (!state.can_sample) return skipped();
  auto sampler = CpuSampler::create({});
  if (!sampler) {
    state.can_sample = false;
    return fatal(sampler.error());
  }
  state.sampler = *std::move(sampler);
  std::string detail = std::to_string(SONDE_MAX_USER_FRAMES) + " frames";
  if (const std::uint64_t count = state.sampler->verified_instructions(); count != 0) {
    detail += ", " + format_count(count) + " instructions verified";
  }
  return ok(detail);
}

CheckResult check_process_events(DoctorState& state) {
  if (!state.can_sample) return skipped();
  const auto events = ProcessEvents::create({.targets_fd = state.sampler->targets_fd()});
  state.sampler.reset();
  if (!events) {
    state.can_sample = false;
    return fatal(events.error());
  }
  return ok("exec, fork, exit");
}

CheckResult check_sideband(DoctorState& state) {
  if (!state.can_sample) return skipped();
  const auto sideband = Sideband::create();
  if (!sideband) {
    state.can_sample = false;
    return fatal(sideband.error());
  }
  return ok("perf records of mmap");
}

CheckResult check_cgroups() {
  const auto layout = read_cgroup_layout();
  if (layout && !layout->mount.empty()) {
    return ok(std::string(layout->v1_memory ? "v1, by the memory hierarchy" : "v2") + ", " +
              layout->mount);
  }
  return CheckResult{.status = CheckStatus::kLimited,
                     .cause = layout ? "no cgroup hierarchy is mounted" : layout.error().message,
                     .fix = "mount -t cgroup2 none /sys/fs/cgroup",
                     .until = "record -c does not work; everything else does"};
}

CheckResult check_kernel_symbols() {
  const auto symbols = KernelSymbols::load();
  if (symbols) return ok(format_count(symbols->size()) + " functions");
  return CheckResult{.status = CheckStatus::kLimited,
                     .cause = symbols.error().message,
                     .fix = "run as root, or: sudo sysctl kernel.kptr_restrict=0",
                     .until = "kernel functions show as addresses"};
}

// Processes whose maps can be read, and the first that refused.
struct MapsSurvey {
  std::uint64_t read = 0;
  std::uint64_t refused = 0;
  std::string first_refused;
};

MapsSurvey survey_maps() {
  struct DirCloser {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  MapsSurvey out;
  const std::unique_ptr<DIR, DirCloser> dir(::opendir("/proc"));
  if (!dir) return out;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const std::string process = std::string("/proc/") + entry->d_name;
    const UniqueFd fd(::open((process + "/maps").c_str(), O_RDONLY | O_CLOEXEC));
    char byte = 0;
    const bool got = fd && ::read(fd.get(), &byte, 1) >= 0;
    const int err = errno;
    if (got) {
      ++out.read;
    } else if (err == EACCES || err == EPERM) {
      if (out.refused++ == 0) {
        out.first_refused =
            std::string(entry->d_name) + " " + first_line_of((process + "/comm").c_str());
      }
    }
  }
  return out;
}

CheckResult check_other_users() {
  const MapsSurvey survey = survey_maps();
  if (survey.refused == 0) return ok(format_count(survey.read) + " processes");
  CheckResult out{.status = CheckStatus::kFailed,
                  .detail = format_count(survey.refused) + " of " +
                            format_count(survey.read + survey.refused) + " refused",
                  .cause = "no CAP_SYS_PTRACE (the kernel asks it for another user's maps)",
                  .fix =
                      "run as root, or: sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep "
                      "$(readlink -f $(which sonde))",
                  .until = "only your own processes get whole stacks; others stay cut"};
  if (has_capability(kCapSysPtrace)) {
    out.status = CheckStatus::kLimited;
    out.cause = "protected even from CAP_SYS_PTRACE, by a security module or a sandbox: process " +
                survey.first_refused;
    out.fix.clear();
    out.until = "the stacks of these processes stay cut";
  }
  return out;
}

CheckResult check_worker(const DoctorState& state) {
  auto client = SymbolizerClient::start({.cache_dir = state.cache_dir});
  if (!client) return fatal(client.error());
  const UniqueFd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto info = (*client)->describe(self.get());
  if (!info) {
    CheckResult out = fatal(info.error());
    out.until = "stacks stay cut and frames have no names";
    return out;
  }
  return ok(std::string("reads sonde itself: unwind tables ") +
            (info->has_unwind_tables ? "yes" : "no") + ", symbols " +
            (info->has_symbols() ? "yes" : "no"));
}

CheckResult check_cache(const DoctorState& state) {
  const auto client = SymbolizerClient::start({.cache_dir = state.cache_dir});
  std::string problem = state.cache_dir.empty() ? "no directory: neither HOME nor XDG_CACHE_HOME"
                        : client                ? (*client)->cache_problem()
                                                : client.error().message;
  if (problem.empty()) return ok(state.cache_dir);
  return CheckResult{.status = CheckStatus::kLimited,
                     .cause = std::move(problem),
                     .fix = "sonde record --cache-dir DIR    (a directory on a writable disk)",
                     .until = "unwind rows are made anew at each start"};
}

CheckResult check_own_stack(const DoctorState& state) {
  if (!state.can_sample) return skipped();
  const auto own = unwind_own_stack(state.cache_dir);
  if (!own) return fatal(own.error());
  const std::string frames =
      std::to_string(own->found) + " of " + std::to_string(own->expected) + " frames as expected";
  if (own->found == own->expected && own->whole * 10 >= own->samples * 9) return ok(frames);
  return CheckResult{
      .status = CheckStatus::kFailed,
      .detail = frames + ", " + format_count(own->whole) + " of " + format_count(own->samples) +
                " stacks whole",
      .cause = own->commonest_stop.empty() ? "no tick came while the chain ran"
                                           : "stacks ended with " + own->commonest_stop,
      .fix = "run it again on a calmer host; if it stays, report it with SONDE_LOG=debug output",
      .until = "profiles may be wrong: look at the share of whole stacks"};
}

}  // namespace

std::vector<DoctorCheck> host_checks(const DoctorOptions& options) {
  auto state = std::make_shared<DoctorState>();
  state->cache_dir = options.cache_dir;
  return {
      {"kernel", check_kernel},
      {"kernel types (BTF)", check_btf},
      {"kernel lockdown", check_lockdown},
      {"process id namespace", check_pid_namespace},
      {"perf_event_open", [state] { return check_perf(*state); }},
      {"load and attach cpu.bpf.o", [state] { return check_sampler(*state); }},
      {"load and attach process.bpf.o", [state] { return check_process_events(*state); }},
      {"follow new mappings", [state] { return check_sideband(*state); }},
      {"control groups", check_cgroups},
      {"kernel function names", check_kernel_symbols},
      {"read maps of other users' processes", check_other_users},
      {"worker starts and answers", [state] { return check_worker(*state); }},
      {"cache of unwind rows", [state] { return check_cache(*state); }},
      {"own stack:", [state] { return check_own_stack(*state); }},
  };
}

}  // namespace sonde
