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
  for (const auto decode : {sonde::gzip_decompress, sonde::zlib_decompress, sonde::zstd_decompress,
                            sonde::xz_decompress}) {
    const auto out = decode(bytes, kLimit);
    if (out && out->size() > kLimit) std::abort();
  }
  return 0;
}
