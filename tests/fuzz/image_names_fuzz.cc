// SPDX-License-Identifier: Apache-2.0
// Bytes of a table of names: what is accepted survives being written and read once more.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/store/image_names.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto names = sonde::ImageNames::decode({reinterpret_cast<const char*>(data), size});
  if (!names) return 0;
  const std::string once = names->encode();
  const auto again = sonde::ImageNames::decode(once);
  if (!again || again->encode() != once) std::abort();
  return 0;
}
