// SPDX-License-Identifier: Apache-2.0
#include "core/compress/zstd.h"

#include <zstd.h>

#include <memory>

#include "core/compress/bounded_output.h"

namespace sonde {
namespace {

constexpr int kMaxLevel = 19;
constexpr int kMaxWindowLog = 27;  // 128 MiB, zstd's own default limit

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

}  // namespace

Result<std::string> zstd_compress(std::string_view bytes, int level) {
  if (level < 1 || level > kMaxLevel) {
    return Error{ErrorCode::kInvalidArgument, "zstd level is not 1..19"};
  }
  const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  if (!context) return Error{ErrorCode::kResourceExhausted, "zstd: out of memory"};
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0U) {
    return Error{ErrorCode::kResourceExhausted, std::string("zstd: ") + ZSTD_getErrorName(size)};
  }
  out.resize(size);
  return out;
}

Result<std::string> zstd_decompress(std::string_view bytes, std::size_t max_bytes) {
  const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  if (!context) return Error{ErrorCode::kResourceExhausted, "zstd: out of memory"};
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  BoundedOutput out(max_bytes);
  ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
  std::size_t wanted = 1;  // 0 exactly at the end of a frame
  bool room_left = false;  // false: the decoder may hold output it had no room for
  while (in.pos < in.size || !room_left) {
    if (!out.grow()) return Error{ErrorCode::kOutOfRange, "decompressed size over the limit"};
    ZSTD_outBuffer chunk{.dst = out.free_begin(), .size = out.free_bytes(), .pos = 0};
    const std::size_t before = in.pos;
    const std::size_t status = ZSTD_decompressStream(context.get(), &chunk, &in);
    if (ZSTD_isError(status) != 0U) {
      return Error{ErrorCode::kInvalidArgument, "zstd stream damaged at byte " +
                                                    std::to_string(in.pos) + ": " +
                                                    ZSTD_getErrorName(status)};
    }
    // A call without input or output would report the next frame's header as wanted.
    if (in.pos != before || chunk.pos != 0) wanted = status;
    room_left = chunk.pos < chunk.size;
    out.wrote(chunk.pos);
  }
  if (wanted != 0) return Error{ErrorCode::kDataLoss, "zstd stream cut short"};
  if (out.too_large()) return Error{ErrorCode::kOutOfRange, "decompressed size over the limit"};
  return out.take();
}

}  // namespace sonde
