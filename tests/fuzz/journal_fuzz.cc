// SPDX-License-Identifier: Apache-2.0
// A segment of a journal, damaged as the input says: whatever is read must be what was written, and
// records that were not touched must be found.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/journal/segment.h"

namespace {

constexpr sonde::SegmentId kId{.first_sequence = 1, .mark = 0x6c616e72756f6a21};
constexpr std::size_t kRecords = 16;

std::string payload_of(std::uint64_t sequence) {
  return std::string(sequence * 7 % 60, static_cast<char>('a' + sequence)) + "end";
}

struct Segment {
  std::string bytes;
  std::array<std::size_t, kRecords + 1> starts{};
};

Segment make_segment() {
  Segment out;
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    out.starts[i] = out.bytes.size();
    out.bytes += sonde::frame_record(kId.mark, {.sequence = i + 1, .time_ns = i, .type = 1},
                                     *sonde::pack_payload(payload_of(i + 1)));
  }
  out.starts[kRecords] = out.bytes.size();
  return out;
}

// Each edit is four bytes: where (16 bits), what, and how. No edit moves what follows.
std::vector<bool> damage(std::string& bytes, const Segment& segment,
                         std::span<const std::uint8_t> edits) {
  std::vector<bool> touched(kRecords, false);
  for (; edits.size() >= 4; edits = edits.subspan(4)) {
    const std::size_t at = (std::size_t{edits[0]} | std::size_t{edits[1]} << 8U) % bytes.size();
    const std::size_t length = 1 + edits[3] % 64;
    for (std::size_t i = at; i < std::min(at + length, bytes.size()); ++i) {
      bytes[i] = static_cast<char>(edits[2] + (edits[3] >= 128 ? i : 0));
    }
    for (std::size_t i = 0; i < kRecords; ++i) {
      if (segment.starts[i] < at + length && at < segment.starts[i + 1]) touched[i] = true;
    }
  }
  return touched;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Segment segment = make_segment();
  static const int fd = ::memfd_create("segment", MFD_CLOEXEC);
  std::string bytes = segment.bytes;
  const std::vector<bool> touched = damage(bytes, segment, std::span(data, size));
  bytes.append(reinterpret_cast<const char*>(data), size);  // a torn tail, or a made-up record
  if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0 ||
      !sonde::write_all(fd, bytes).ok()) {
    std::abort();
  }
  sonde::SegmentReader reader(fd, kId);
  std::vector<bool> found(kRecords, false);
  const sonde::SegmentBounds bounds{bytes.size(), kRecords + 1};
  while (true) {
    const auto record = reader.next(bounds);
    if (!record) std::abort();
    if (!*record) break;
    const std::uint64_t sequence = (*record)->header.sequence;
    const auto payload = sonde::unpack_payload((*record)->header, (*record)->stored);
    if (!payload || *payload != payload_of(sequence)) std::abort();
    found[sequence - 1] = true;
  }
  for (std::size_t i = 0; i < kRecords; ++i) {
    if (!touched[i] && !found[i]) std::abort();
  }
  if (!reader.finish(bytes.size()).ok()) std::abort();
  return 0;
}
