// SPDX-License-Identifier: Apache-2.0
#include "core/journal/record.h"

#include <cstring>

#include "core/base/checksum.h"
#include "core/compress/zstd.h"

namespace sonde {
namespace {

std::uint32_t checksum_of(const RecordHeader& header) {
  const auto bytes = std::as_bytes(std::span(&header, 1));
  return static_cast<std::uint32_t>(
      checksum(bytes.first(sizeof(header) - sizeof(header.header_checksum))));
}

}  // namespace

Result<PackedPayload> pack_payload(std::string_view payload) {
  if (payload.size() > kMaxJournalPayload) {
    return Error{ErrorCode::kOutOfRange, "record of " + std::to_string(payload.size()) +
                                             " bytes: larger than a journal takes"};
  }
  auto stored = zstd_compress(payload);
  if (!stored) return stored.error();
  return PackedPayload{std::move(*stored), static_cast<std::uint32_t>(payload.size())};
}

std::string frame_record(std::uint64_t mark, const RecordLabel& label,
                         const PackedPayload& payload) {
  RecordHeader header{.mark = mark,
                      .sequence = label.sequence,
                      .time_ns = label.time_ns,
                      .payload_checksum = checksum(std::as_bytes(std::span(payload.stored))),
                      .stored_bytes = static_cast<std::uint32_t>(payload.stored.size()),
                      .raw_bytes = payload.raw_bytes,
                      .type = label.type,
                      .encoding = RecordHeader::kZstd};
  header.header_checksum = checksum_of(header);
  std::string record;
  record.reserve(payload.record_bytes());
  record.append(reinterpret_cast<const char*>(&header), sizeof(header));
  record += payload.stored;
  return record;
}

std::optional<RecordHeader> parse_record_header(std::span<const std::byte> bytes,
                                                std::uint64_t mark) {
  RecordHeader header;
  if (bytes.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.mark != mark || header.header_checksum != checksum_of(header) ||
      header.raw_bytes > kMaxJournalPayload) {
    return std::nullopt;
  }
  return header;
}

bool is_intact(const RecordHeader& header, std::span<const std::byte> stored) {
  return stored.size() == header.stored_bytes && checksum(stored) == header.payload_checksum;
}

Result<std::string> unpack_payload(const RecordHeader& header, std::string_view stored) {
  if (header.encoding != RecordHeader::kZstd) {
    return Error{ErrorCode::kUnimplemented,
                 "record of encoding " + std::to_string(header.encoding)};
  }
  auto payload = zstd_decompress(stored, header.raw_bytes);
  if (!payload && payload.error().code == ErrorCode::kResourceExhausted) return payload;
  if (!payload || payload->size() != header.raw_bytes) {
    return Error{ErrorCode::kDataLoss, "record does not unpack to what it says"};
  }
  return payload;
}

}  // namespace sonde
