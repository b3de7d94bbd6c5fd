// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/host_facts.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "core/base/file.h"

namespace sonde {
namespace {

// Inode of the init pid namespace: PROC_PID_INIT_INO, include/linux/proc_ns.h.
constexpr ino_t kInitPidNamespace = 0xeffffffcU;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

rusage usage_of(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  return usage;
}

}  // namespace

HostFacts read_host_facts() {
  utsname name{};
  ::uname(&name);
  return HostFacts{.host = &name.nodename[0], .kernel = &name.release[0]};
}

std::string read_boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return {};
  return text->substr(0, text->find('\n'));
}

Result<void> require_init_pid_namespace() {
  struct stat info {};
  if (::stat("/proc/self/ns/pid", &info) != 0 || info.st_ino == kInitPidNamespace) return {};
  return Error{ErrorCode::kFailedPrecondition,
               "sonde runs inside a pid namespace, where the kernel's process ids mean other "
               "processes\n  fix: docker run --pid=host, or hostPID: true in the pod"};
}

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

double own_cpu_seconds() {
  const rusage usage = usage_of(RUSAGE_SELF);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t own_peak_rss_bytes() {
  return static_cast<std::uint64_t>(usage_of(RUSAGE_SELF).ru_maxrss) * 1024;
}

}  // namespace sonde
