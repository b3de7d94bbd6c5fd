// SPDX-License-Identifier: Apache-2.0
// Compressed files are foreign: any bytes must give a result within the limit or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/compress/gzip.h"
#include "core/compress/xz.h"
#include "core/compress/zstd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 1 << 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& out :
       {sonde::gzip_decompress(bytes, kLimit), sonde::zlib_decompress(bytes, kLimit),
        sonde::zstd_decompress(bytes, kLimit), sonde::xz_decompress(bytes, kLimit)}) {
    if (out && out->size() > kLimit) std::abort();
  }
  return 0;
}
