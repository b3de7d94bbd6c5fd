// SPDX-License-Identifier: Apache-2.0
// Which capabilities this process holds, from /proc/self/status.
#pragma once

namespace sonde {

// Numbers of <linux/capability.h>; named here because the oldest headers lack some.
inline constexpr int kCapSysPtrace = 19;
inline constexpr int kCapSysAdmin = 21;

// True if the capability is in the effective set; false if that cannot be read.
bool has_capability(int capability);

}  // namespace sonde
