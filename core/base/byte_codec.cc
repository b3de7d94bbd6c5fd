// SPDX-License-Identifier: Apache-2.0
#include "core/base/byte_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sonde {

void ByteWriter::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
  bytes_ += static_cast<char>(value);
}

void ByteWriter::real(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  bytes_.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
}

void ByteWriter::text(std::string_view value) {
  number(value.size());
  bytes_ += value;
}

void ByteReader::fail() {
  ok_ = false;
  rest_ = {};
}

std::uint64_t ByteReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  fail();
  return 0;
}

std::uint64_t ByteReader::number_to(std::uint64_t max) {
  const std::uint64_t value = number();
  if (value <= max) return value;
  fail();
  return 0;
}

std::uint64_t ByteReader::count(std::uint64_t max) {
  const std::uint64_t items = number();
  if (items <= std::min<std::uint64_t>(max, rest_.size())) return items;
  fail();
  return 0;
}

double ByteReader::real() {
  std::uint64_t bits = 0;
  if (rest_.size() < sizeof(bits)) {
    fail();
    return 0;
  }
  std::memcpy(&bits, rest_.data(), sizeof(bits));
  rest_.remove_prefix(sizeof(bits));
  return std::bit_cast<double>(bits);
}

std::string_view ByteReader::text() {
  const std::uint64_t bytes = count();
  const std::string_view value = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return value;
}

}  // namespace sonde
