// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/wire.h"

#include <utility>

namespace sonde {
namespace {

constexpr unsigned kVarintBits = 64;

}  // namespace

bool WireReader::fail(std::size_t at, std::string what) {
  at_ = at;
  what_ = std::move(what);
  return false;
}

bool WireReader::read_varint(std::uint64_t& value) {
  const std::size_t start = at_;
  value = 0;
  for (unsigned shift = 0; shift < kVarintBits; shift += 7) {
    if (at_ >= bytes_.size()) return fail(start, "a number is cut short");
    const auto byte = static_cast<std::uint8_t>(bytes_[at_++]);
    if (shift == 63 && byte > 1) return fail(start, "a number is longer than 64 bits");
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  return fail(start, "a number is longer than 64 bits");
}

bool WireReader::read_fixed(unsigned size, std::uint64_t& value) {
  if (bytes_.size() - at_ < size) return fail(at_, "a number is cut short");
  value = 0;
  for (unsigned i = 0; i < size; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes_[at_ + i])) << (8 * i);
  }
  at_ += size;
  return true;
}

bool WireReader::next_varint(std::uint64_t& value) {
  return !failed() && at_ < bytes_.size() && read_varint(value);
}

bool WireReader::next(WireField& field) {
  if (failed() || at_ >= bytes_.size()) return false;
  const std::size_t start = at_;
  std::uint64_t tag = 0;
  if (!read_varint(tag)) return false;
  field = WireField{};
  field.offset = base_ + start;
  if ((tag >> 3) == 0 || (tag >> 3) > 0x1fffffffU) return fail(start, "a field number is invalid");
  field.number = static_cast<std::uint32_t>(tag >> 3);
  const std::string name = "field " + std::to_string(field.number);
  switch (tag & 7U) {
    case 0:
      field.type = WireType::kVarint;
      return read_varint(field.value);
    case 1:
      field.type = WireType::kFixed64;
      return read_fixed(8, field.value);
    case 5:
      field.type = WireType::kFixed32;
      return read_fixed(4, field.value);
    case 2:
      break;
    default:
      return fail(start, name + " has an unknown wire type");
  }
  field.type = WireType::kBytes;
  std::uint64_t length = 0;
  if (!read_varint(length)) return false;
  if (length > bytes_.size() - at_) return fail(start, name + " runs past the end");
  field.payload = bytes_.substr(at_, static_cast<std::size_t>(length));
  field.payload_offset = base_ + at_;
  at_ += static_cast<std::size_t>(length);
  return true;
}

}  // namespace sonde
