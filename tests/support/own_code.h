// SPDX-License-Identifier: Apache-2.0
// Where code of the test program itself lies in its file.
#pragma once

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>

namespace sonde {

// The file offset of an address of this program's code, as /proc/self/maps tells; 0: not found.
inline std::uint64_t own_file_offset(const void* code) {
  const auto address = reinterpret_cast<std::uint64_t>(code);
  const auto number = [](const std::string& text, std::size_t at) {
    std::uint64_t value = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), value, 16);
    return value;
  };
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::uint64_t begin = number(line, 0);
    const std::uint64_t end = number(line, line.find('-') + 1);
    if (address < begin || address >= end) continue;
    return address - begin + number(line, line.find(' ', line.find(' ') + 1) + 1);
  }
  return 0;
}

}  // namespace sonde
