// SPDX-License-Identifier: Apache-2.0
// How one record lies on disk: a fixed header, then its zstd frame. Both have their checksum, so
// that a damaged header is not believed for its length, and behind a damaged payload the next
// record is found at once. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// Of one record before compression; decompression is bounded by it.
inline constexpr std::size_t kMaxJournalPayload = std::size_t{64} << 20;

// Little-endian, without padding.
struct RecordHeader {
  // The same random number in every record of a segment, and in its file name. What finds records
  // behind damage; nobody who only chooses what records contain can make one up.
  std::uint64_t mark = 0;
  std::uint64_t sequence = 0;  // grows by one from record to record, across segments
  std::uint64_t time_ns = 0;   // Unix time, as the writer gave it
  std::uint64_t payload_checksum = 0;
  std::uint32_t stored_bytes = 0;  // of the zstd frame that follows
  std::uint32_t raw_bytes = 0;     // of what it holds
  std::uint16_t type = 0;          // the writer's
  std::uint16_t encoding = 0;      // kZstd
  std::uint32_t header_checksum = 0;

  static constexpr std::uint16_t kZstd = 1;
};
static_assert(sizeof(RecordHeader) == 48);

// What a writer says about a record.
struct RecordLabel {
  std::uint64_t sequence = 0;
  std::uint64_t time_ns = 0;
  std::uint16_t type = 0;
};

// What follows a header.
struct PackedPayload {
  std::string stored;  // a zstd frame
  std::uint32_t raw_bytes = 0;

  [[nodiscard]] std::size_t record_bytes() const { return sizeof(RecordHeader) + stored.size(); }
};

// errors  kOutOfRange         more than kMaxJournalPayload
//         kResourceExhausted  out of memory
// cost    zstd level 3, about 200 MB/s.
Result<PackedPayload> pack_payload(std::string_view payload);

// The bytes of a record, record_bytes() of them.
std::string frame_record(std::uint64_t mark, const RecordLabel& label,
                         const PackedPayload& payload);

// The header at the beginning of `bytes`; none if it is not intact or of another segment.
std::optional<RecordHeader> parse_record_header(std::span<const std::byte> bytes,
                                                std::uint64_t mark);

// True if `stored` are the header's stored_bytes as they were written.
bool is_intact(const RecordHeader& header, std::span<const std::byte> stored);

// The payload before it was packed.
//
// errors  kDataLoss           damaged all the same
//         kUnimplemented      an encoding of a later version
//         kResourceExhausted  out of memory
Result<std::string> unpack_payload(const RecordHeader& header, std::string_view stored);

}  // namespace sonde
