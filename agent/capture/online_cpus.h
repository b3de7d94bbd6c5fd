// SPDX-License-Identifier: Apache-2.0
// The CPUs that are online, from /sys/devices/system/cpu/online ("0-3,8").
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace sonde {

Result<std::vector<std::uint32_t>> online_cpus();

// errors: kInvalidArgument (not a CPU list, or a CPU number past SONDE_MAX_CPUS).
Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

}  // namespace sonde
