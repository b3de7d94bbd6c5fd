// SPDX-License-Identifier: Apache-2.0
#include "core/compress/xz.h"

#include <lzma.h>

#include <cstdint>

#include "core/compress/bounded_output.h"

namespace sonde {
namespace {

constexpr std::uint64_t kDecoderMemory = std::uint64_t{80} << 20U;

// lzma_stream with its end function.
class Decoder {
 public:
  Decoder() = default;
  ~Decoder() { lzma_end(&stream_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  lzma_stream& stream() { return stream_; }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

Error error_of(lzma_ret status, std::size_t offset) {
  switch (status) {
    case LZMA_BUF_ERROR:
      return Error{ErrorCode::kDataLoss, "xz stream cut short at byte " + std::to_string(offset)};
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
      return Error{ErrorCode::kResourceExhausted, "xz: the decoder needs too much memory"};
    case LZMA_FORMAT_ERROR:
      return Error{ErrorCode::kInvalidArgument, "not xz at byte " + std::to_string(offset)};
    default:
      return Error{ErrorCode::kInvalidArgument,
                   "xz stream damaged at byte " + std::to_string(offset)};
  }
}

}  // namespace

Result<std::string> xz_decompress(std::string_view bytes, std::size_t max_bytes) {
  Decoder decoder;
  lzma_stream& stream = decoder.stream();
  if (const lzma_ret status = lzma_stream_decoder(&stream, kDecoderMemory, LZMA_CONCATENATED);
      status != LZMA_OK) {
    return error_of(status, 0);
  }
  BoundedOutput out(max_bytes);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  while (true) {
    if (!out.grow()) return Error{ErrorCode::kOutOfRange, "decompressed size over the limit"};
    const std::size_t room = out.free_bytes();
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.free_begin());
    stream.avail_out = room;
    const lzma_ret status = lzma_code(&stream, LZMA_FINISH);
    out.wrote(room - stream.avail_out);
    if (status == LZMA_STREAM_END) break;
    if (status != LZMA_OK) return error_of(status, bytes.size() - stream.avail_in);
  }
  if (out.too_large()) return Error{ErrorCode::kOutOfRange, "decompressed size over the limit"};
  return out.take();
}

}  // namespace sonde
