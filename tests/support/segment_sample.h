// SPDX-License-Identifier: Apache-2.0
// A segment of known records in memory, to be damaged.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/journal/segment.h"

namespace sonde {

inline constexpr SegmentId kSampleId{.first_sequence = 100, .mark = 0xfeedfacecafebeef};

// A segment in memory, and where each of its records begins; the last entry is the end.
struct SegmentSample {
  std::string bytes;
  std::vector<std::uint64_t> starts;
};

inline std::string sample_payload(std::uint64_t sequence) {
  return "record " + std::to_string(sequence) + std::string(sequence % 40, '.');
}

inline SegmentSample segment_sample(std::size_t records) {
  SegmentSample out;
  for (std::size_t i = 0; i < records; ++i) {
    const std::uint64_t sequence = kSampleId.first_sequence + i;
    out.starts.push_back(out.bytes.size());
    out.bytes += frame_record(kSampleId.mark, {.sequence = sequence, .time_ns = i, .type = 1},
                              *pack_payload(sample_payload(sequence)));
  }
  out.starts.push_back(out.bytes.size());
  return out;
}

// What lies in the segment for it. Packed once: tests compare it a million times.
inline const std::string& sample_stored(std::uint64_t sequence) {
  static std::map<std::uint64_t, std::string> packed;
  const auto [entry, fresh] = packed.try_emplace(sequence);
  if (fresh) entry->second = pack_payload(sample_payload(sequence))->stored;
  return entry->second;
}

inline UniqueFd file_of(std::string_view bytes) {
  UniqueFd fd(::memfd_create("segment", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes).ok());
  return fd;
}

inline SegmentBounds all_of(std::string_view bytes) { return {bytes.size(), ~std::uint64_t{0}}; }

// Sequences of what a reader finds, each checked against what was written.
inline std::vector<std::uint64_t> read_all(SegmentReader& reader, const SegmentBounds& bounds,
                                           std::uint64_t from = 0) {
  std::vector<std::uint64_t> found;
  while (true) {
    auto record = reader.next(bounds, from);
    EXPECT_TRUE(record.ok());
    if (!record || !*record) return found;
    const std::uint64_t sequence = (*record)->header.sequence;
    EXPECT_EQ((*record)->stored, sample_stored(sequence));
    found.push_back(sequence);
  }
}

inline std::vector<std::uint64_t> sequences(std::uint64_t begin, std::uint64_t end) {
  std::vector<std::uint64_t> out;
  for (; begin < end; ++begin) out.push_back(kSampleId.first_sequence + begin);
  return out;
}

}  // namespace sonde
