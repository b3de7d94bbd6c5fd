// SPDX-License-Identifier: Apache-2.0
// Says in words why stacks were cut and what would make them whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

// stop   enum sonde_stop_reason; any other value is named as unknown.
// image  file the walk ended in, made printable; empty if not known.
// returns  `no_row: no unwind rows in legacyd; build it with -fasynchronous-unwind-tables`
std::string explain_stop(std::uint16_t stop, std::string_view image);

}  // namespace sonde
