// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/bpf_error.h"

#include <bpf/libbpf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <string>

#include "core/base/file.h"
#include "core/base/log.h"

namespace sonde {
namespace {

constexpr std::string_view kGrant =
    "run as root, or: sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search,"
    "cap_syslog,cap_checkpoint_restore+ep $(readlink -f $(which sonde))";

// Declared by libbpf as a printf-like callback.
__attribute__((format(printf, 2, 0))) int print_libbpf(enum libbpf_print_level level,
                                                       const char* format, va_list arguments) {
  std::array<char, 4096> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (length <= 0) return 0;
  std::string_view text(line.data());
  while (text.ends_with('\n')) text.remove_suffix(1);
  log_debug(std::string("libbpf: ") + std::string(text));
  (void)level;
  return 0;
}

std::string read_setting(const char* path) {
  const auto text = read_file(path, 4096);
  if (!text) return "?";
  std::string value = *text;
  while (value.ends_with('\n')) value.pop_back();
  return value;
}

bool is_lockdown_confidential() {
  return read_setting("/sys/kernel/security/lockdown").find("[confidentiality]") !=
         std::string::npos;
}

Error with_fix(int err, std::string_view what, ErrorCode code, const std::string& fix) {
  Error error = Error::from_errno(err, what);
  error.code = code;
  error.message += "\n  fix: " + fix;
  return error;
}

}  // namespace

void route_libbpf_messages() { ::libbpf_set_print(print_libbpf); }

Error explain_bpf_error(int err, std::string_view what) {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    return with_fix(
        err, what, ErrorCode::kUnimplemented,
        "this kernel has no BTF (/sys/kernel/btf/vmlinux): use a kernel built with "
        "CONFIG_DEBUG_INFO_BTF=y (every Debian, Ubuntu, Fedora, RHEL kernel since 2021)");
  }
  if (err == EPERM || err == EACCES) {
    if (is_lockdown_confidential()) {
      return with_fix(err, what, ErrorCode::kPermissionDenied,
                      "kernel lockdown is `confidentiality`, which forbids BPF reads: boot with "
                      "lockdown=integrity");
    }
    return with_fix(err, what, ErrorCode::kPermissionDenied, std::string(kGrant));
  }
  if (err == EINVAL || err == ENOTSUP || err == ENOSYS || err == ESRCH) {
    return with_fix(err, what, ErrorCode::kUnimplemented,
                    "this kernel lacks a needed BPF feature (5.10 is the oldest supported): run "
                    "sonde doctor for the detail");
  }
  return Error::from_errno(err, what);
}

Error explain_perf_error(int err, std::string_view what) {
  if (err == EPERM || err == EACCES) {
    const std::string paranoid = read_setting("/proc/sys/kernel/perf_event_paranoid");
    return with_fix(err, what, ErrorCode::kPermissionDenied,
                    std::string(kGrant) + "\n       (kernel.perf_event_paranoid is " + paranoid +
                        "; with 3 or more CAP_SYS_ADMIN is needed instead of CAP_PERFMON)");
  }
  if (err == EMFILE || err == ENFILE) {
    return with_fix(err, what, ErrorCode::kResourceExhausted,
                    "raise the limit of open files: ulimit -n 4096");
  }
  if (err == ENOSYS || err == ENOENT) {
    return with_fix(err, what, ErrorCode::kUnimplemented,
                    "this kernel has no perf events (CONFIG_PERF_EVENTS) or a sandbox hides them");
  }
  return Error::from_errno(err, what);
}

}  // namespace sonde
