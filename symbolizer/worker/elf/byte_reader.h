// SPDX-License-Identifier: Apache-2.0
// Little-endian reads from untrusted bytes. A read past the end yields 0 and sticks as failed();
// nothing is ever read outside the given bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "core/base/large_memory.h"

namespace sonde {

using ByteSpan = std::span<const std::uint8_t>;

// Where `what` first begins in `in`.
inline std::optional<std::size_t> find_bytes(ByteSpan in, ByteSpan what) {
  const auto found = std::search(in.begin(), in.end(), what.begin(), what.end());
  if (found == in.end()) return std::nullopt;
  return static_cast<std::size_t>(found - in.begin());
}

// Bytes copied out of a file. Not zeroed on allocation: the reader fills it.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(std::size_t size) : bytes_(size) {}
  ByteBuffer(ByteBuffer&&) = default;
  ByteBuffer& operator=(ByteBuffer&&) = default;
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ~ByteBuffer() = default;

  [[nodiscard]] ByteSpan span() const { return bytes_; }
  [[nodiscard]] std::span<std::byte> writable() {
    return std::as_writable_bytes(std::span(bytes_));
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  LargeVector<std::uint8_t> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes)
      : begin_(bytes.data()), pos_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return pos_ == end_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - pos_); }
  [[nodiscard]] std::size_t position() const { return static_cast<std::size_t>(pos_ - begin_); }
  [[nodiscard]] ByteSpan rest() const { return {pos_, left()}; }

  template <typename T>
  T fixed() {
    T value{};
    if (left() < sizeof(T)) return fail<T>();
    std::memcpy(&value, pos_, sizeof(T));
    pos_ += sizeof(T);
    return value;
  }
  std::uint8_t u8() {
    if (pos_ == end_) return fail<std::uint8_t>();
    return *pos_++;
  }

  // At most 10 bytes; bits above 64 are dropped, as every reader of DWARF does.
  std::uint64_t uleb() {
    if (pos_ != end_ && *pos_ < 0x80U) return *pos_++;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const std::uint8_t byte = u8();
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    return fail<std::uint64_t>();
  }
  std::int64_t sleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70;) {
      const std::uint8_t byte = u8();
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      shift += 7;
      if ((byte & 0x80U) != 0) continue;
      if (shift < 64 && (byte & 0x40U) != 0) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
    return fail<std::int64_t>();
  }
  ByteSpan bytes(std::uint64_t count) {
    if (count > left()) {
      failed_ = true;
      pos_ = end_;
      return {};
    }
    const ByteSpan out(pos_, static_cast<std::size_t>(count));
    pos_ += count;
    return out;
  }
  void skip(std::uint64_t count) { bytes(count); }
  void seek(std::uint64_t position) {
    if (position > static_cast<std::uint64_t>(end_ - begin_)) {
      fail<int>();
    } else {
      pos_ = begin_ + position;
    }
  }

 private:
  template <typename T>
  T fail() {
    failed_ = true;
    pos_ = end_;
    return T{};
  }

  const std::uint8_t* begin_;
  const std::uint8_t* pos_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

}  // namespace sonde
