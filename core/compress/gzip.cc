// SPDX-License-Identifier: Apache-2.0
#include "core/compress/gzip.h"

#include <zlib.h>

#include <limits>

#include "core/compress/bounded_output.h"

namespace sonde {
namespace {

constexpr std::string_view kMagic = "\x1f\x8b";
constexpr int kGzipWindow = 15 + 16;  // largest window, gzip framing
constexpr int kZlibWindow = 15;       // largest window, zlib framing
constexpr int kDefaultMemory = 8;
constexpr std::size_t kMaxChunk = std::numeric_limits<uInt>::max();

// z_stream wants a mutable pointer; zlib does not write through next_in.
Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
}

// z_stream with its end function.
class Inflater {
 public:
  Inflater() = default;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  bool init(int window) {
    ready_ = inflateInit2(&stream_, window) == Z_OK;
    return ready_;
  }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Error damaged(std::size_t offset, const char* why) {
  return Error{ErrorCode::kInvalidArgument, "compressed stream damaged at byte " +
                                                std::to_string(offset) + ": " +
                                                (why == nullptr ? "bad data" : why)};
}

// Decodes one stream from the front of `bytes`; returns the input bytes it took.
Result<std::size_t> inflate_one(std::string_view bytes, std::size_t offset, int window,
                                BoundedOutput& out) {
  Inflater inflater;
  if (!inflater.init(window)) return Error{ErrorCode::kResourceExhausted, "zlib: out of memory"};
  z_stream& stream = inflater.stream();
  std::size_t taken = 0;
  while (true) {
    if (!out.grow()) return Error{ErrorCode::kOutOfRange, "decompressed size over the limit"};
    const auto in = static_cast<uInt>(std::min(bytes.size() - taken, kMaxChunk));
    const auto room = static_cast<uInt>(std::min(out.free_bytes(), kMaxChunk));
    stream.next_in = input_of(bytes.substr(taken));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(out.free_begin());
    stream.avail_out = room;
    const int status = inflate(&stream, Z_NO_FLUSH);
    taken += in - stream.avail_in;
    out.wrote(room - stream.avail_out);
    if (status == Z_STREAM_END) return taken;
    if (status == Z_MEM_ERROR) return Error{ErrorCode::kResourceExhausted, "zlib: out of memory"};
    if (status != Z_OK && status != Z_BUF_ERROR) return damaged(offset + taken, stream.msg);
    if (taken == bytes.size() && stream.avail_out != 0) {
      return Error{ErrorCode::kDataLoss,
                   "compressed stream cut short at byte " + std::to_string(offset + taken)};
    }
  }
}

Result<std::string> finished(BoundedOutput& out) {
  if (out.too_large()) return Error{ErrorCode::kOutOfRange, "decompressed size over the limit"};
  return out.take();
}

}  // namespace

Result<std::string> gzip_compress(std::string_view bytes, int level) {
  if (level < 1 || level > 9) return Error{ErrorCode::kInvalidArgument, "gzip level is not 1..9"};
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, kDefaultMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return Error{ErrorCode::kResourceExhausted, "zlib: out of memory"};
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::size_t taken = 0;
  std::size_t used = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const auto in = static_cast<uInt>(std::min(bytes.size() - taken, kMaxChunk));
    const auto room = static_cast<uInt>(std::min(out.size() - used, kMaxChunk));
    stream.next_in = input_of(bytes.substr(taken));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = room;
    status = deflate(&stream, taken + in == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    taken += in - stream.avail_in;
    used += room - stream.avail_out;
  }
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return Error{ErrorCode::kInternal, "zlib: deflate stopped early"};
  out.resize(used);
  return out;
}

Result<std::string> gzip_salvage(std::string_view bytes, std::size_t max_bytes,
                                 std::string& intact) {
  BoundedOutput out(max_bytes);
  std::size_t offset = 0;
  const auto stop = [&](Error error) -> Result<std::string> {
    intact = out.take();
    return error;
  };
  do {
    if (!kMagic.starts_with(bytes.substr(offset, kMagic.size()))) {
      return stop(damaged(offset, "not a gzip member"));
    }
    auto taken = inflate_one(bytes.substr(offset), offset, kGzipWindow, out);
    if (!taken) return stop(taken.error());
    offset += *taken;
  } while (offset < bytes.size());
  return finished(out);
}

Result<std::string> gzip_decompress(std::string_view bytes, std::size_t max_bytes) {
  std::string intact;
  return gzip_salvage(bytes, max_bytes, intact);
}

Result<std::string> zlib_decompress(std::string_view bytes, std::size_t max_bytes) {
  BoundedOutput out(max_bytes);
  auto taken = inflate_one(bytes, 0, kZlibWindow, out);
  if (!taken) return taken.error();
  if (*taken != bytes.size()) return damaged(*taken, "bytes behind the end of the stream");
  return finished(out);
}

bool looks_like_gzip(std::string_view bytes) { return bytes.starts_with(kMagic); }

}  // namespace sonde
