// SPDX-License-Identifier: Apache-2.0
// Reads protobuf wire format field by field over memory, without copies, and knows the offset of
// every byte: damaged profiles are reported by position. Refuses groups; does not know messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;         // kVarint, kFixed64, kFixed32
  std::string_view payload;        // kBytes
  std::size_t offset = 0;          // of the field's tag, in the whole document
  std::size_t payload_offset = 0;  // of payload[0], in the whole document
};

// One message. Thread-confined; views point into the bytes given.
class WireReader {
 public:
  // base_offset  position of bytes[0] in the whole document.
  explicit WireReader(std::string_view bytes, std::size_t base_offset = 0)
      : bytes_(bytes), base_(base_offset) {}

  // Reads the next field. False at the end, or when the bytes are damaged: see failed().
  bool next(WireField& field);
  // A bare varint, as in packed fields.
  bool next_varint(std::uint64_t& value);

  [[nodiscard]] bool failed() const { return !what_.empty(); }
  [[nodiscard]] const std::string& what() const { return what_; }  // `field 4 runs past the end`
  [[nodiscard]] std::size_t offset() const {
    return base_ + at_;
  }  // of the next byte, or the bad one

 private:
  bool fail(std::size_t at, std::string what);
  bool read_varint(std::uint64_t& value);
  bool read_fixed(unsigned size, std::uint64_t& value);

  std::string_view bytes_;
  std::size_t base_ = 0;
  std::size_t at_ = 0;
  std::string what_;
};

}  // namespace sonde
