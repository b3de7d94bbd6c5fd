// SPDX-License-Identifier: Apache-2.0
// What a session must know about the host before it starts.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace sonde {

struct HostFacts {
  std::string host;
  std::string kernel;  // uname -r
};

HostFacts read_host_facts();
// Of this boot of the kernel; empty if it cannot be read.
std::string read_boot_id();

// BPF sees process ids of the init pid namespace, /proc those of the reader's: they must be one.
// errors: kFailedPrecondition with the fix.
Result<void> require_init_pid_namespace();

// Raises the soft limit of open files to the hard one: each image keeps a descriptor.
void raise_open_file_limit();

// User + system time of this process, seconds; not of its children: a recorded command is one, and
// the symbolizer counts its workers itself.
double own_cpu_seconds();
// VmHWM of this process, bytes.
std::uint64_t own_peak_rss_bytes();

}  // namespace sonde
