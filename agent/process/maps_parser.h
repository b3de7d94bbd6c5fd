// SPDX-License-Identifier: Apache-2.0
// One line of /proc/PID/maps (proc(5)) -> MapsEntry. The text holds names chosen by any user.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sonde {

struct MapsEntry {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool executable = false;
  std::uint64_t file_offset = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint64_t inode = 0;
  std::string path;  // octal escapes undone, ` (deleted)` cut off; may be empty
  bool deleted = false;
};

// None if the line is torn or makes no sense (end <= begin, offset not in pages, ...).
std::optional<MapsEntry> parse_maps_line(std::string_view line);

// Calls `take` for each executable entry; returns the number of lines that did not parse.
std::uint64_t parse_executable_maps(std::string_view text,
                                    const std::function<void(MapsEntry&&)>& take);

}  // namespace sonde
