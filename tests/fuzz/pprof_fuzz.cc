// SPDX-License-Identifier: Apache-2.0
// pprof files are foreign: any bytes must give an error or a profile whose every index is valid,
// which encoding it again proves.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/pprof/decode.h"
#include "exporters/pprof/encode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr sonde::PprofLimits kLimits{.max_bytes = 1 << 20, .max_memory_bytes = 1 << 24};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto profile = sonde::decode_pprof(bytes, kLimits);
  if (profile && !sonde::encode_pprof(*profile)) std::abort();
  return 0;
}
