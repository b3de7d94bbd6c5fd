// SPDX-License-Identifier: Apache-2.0
// Numbers and strings as bytes of our own files: what ByteWriter appends, ByteReader takes back and
// checks. Numbers are LEB128: seven bits a byte, low ones first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

// Thread-confined.
class ByteWriter {
 public:
  void number(std::uint64_t value);
  // IEEE 754, eight bytes, little-endian.
  void real(double value);
  // Its length, then its bytes.
  void text(std::string_view value);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Thread-confined. Once something was not there or not well-formed, the reader has failed for good:
// everything it returns then is zero or empty, so that a caller may ask once, at the end.
class ByteReader {
 public:
  // bytes  must outlive the reader and what text() returns.
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number();
  // A number that must be at most `max`.
  std::uint64_t number_to(std::uint64_t max);
  // How many items follow, each of at least one byte: more than there are bytes is a failure, so
  // that memory reserved for them is bounded.
  std::uint64_t count(std::uint64_t max = ~std::uint64_t{0});
  double real();
  std::string_view text();

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  void fail();

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace sonde
