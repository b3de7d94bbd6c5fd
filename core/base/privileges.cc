// SPDX-License-Identifier: Apache-2.0
#include "core/base/privileges.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include "core/base/file.h"

namespace sonde {

bool has_capability(int capability) {
  constexpr std::string_view kKey = "\nCapEff:\t";
  const auto status = read_file("/proc/self/status", 65'536);
  if (!status) return false;
  const std::size_t at = status->find(kKey);
  if (at == std::string::npos) return false;
  std::uint64_t effective = 0;
  std::from_chars(status->data() + at + kKey.size(), status->data() + status->size(), effective,
                  16);
  return (effective >> capability & 1U) != 0;
}

}  // namespace sonde
