// SPDX-License-Identifier: Apache-2.0
// /proc/PID/maps holds names chosen by any user: any text gives entries that make sense.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/process/maps_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sonde::parse_executable_maps(text, [size](sonde::MapsEntry&& entry) {
    if (entry.end <= entry.begin || !entry.executable || entry.path.size() > size) std::abort();
  });
  return 0;
}
