// SPDX-License-Identifier: Apache-2.0
// What a pprof file of another tool does not say and sonde's model wants: origins, names of
// unnamed locations, which value is CPU time. Private to exporters/pprof. Stateless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

struct PprofValueType {
  std::string_view type;
  std::string_view unit;
};

// Which of a sample's values are used. -1 = none of them.
struct ValueChoice {
  int count = -1;        // samples
  int nanoseconds = -1;  // CPU time
  int other = -1;        // neither exists: this one, as a plain number
};
ValueChoice choose_values(const std::vector<PprofValueType>& types);

// Own, library or kernel, by the path of the image.
Origin origin_of_path(std::string_view path);

// The last component of a path.
std::string_view base_name(std::string_view path);

// `file+0xaddress` for a location that has no function; `0xaddress` without a file.
std::string unresolved_name(std::string_view path, std::uint64_t address);

}  // namespace sonde
