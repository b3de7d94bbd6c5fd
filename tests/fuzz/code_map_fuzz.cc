// SPDX-License-Identifier: Apache-2.0
// Any bytes taken for a perf map or a jitdump give a names message that passes the client's checks.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "symbolizer/client/name_message.h"
#include "symbolizer/worker/symbols/code_map.h"
#include "tests/fuzz/foreign_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = sonde::foreign_file({reinterpret_cast<const char*>(data), size});
  const std::array<std::uint64_t, 5> addresses = {0, 0x1000, 0x1010, 0x5010, ~std::uint64_t{0}};
  const auto message = sonde::names_of_code(fd, addresses);
  if (!message) return 0;
  if (!sonde::decode_names(std::as_bytes(std::span(*message)), addresses)) std::abort();
  return 0;
}
