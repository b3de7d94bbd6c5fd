// SPDX-License-Identifier: Apache-2.0
#include "agent/process/copied_code.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace sonde {
namespace {

constexpr std::size_t kPlaces = 20;
constexpr std::size_t kPlaceBytes = 64;
// Of them, those that may differ: breakpoints of uprobes and debuggers are in memory alone.
constexpr std::size_t kMayDiffer = 2;
// A program may map thousands of small ranges where the memory is now.
constexpr std::size_t kMaxCandidates = 8;

using Place = std::array<std::uint8_t, kPlaceBytes>;
using Places = std::array<Place, kPlaces>;

struct Candidate {
  CodeRange range;
  ForeignFile file;
};

bool is_zero(const Place& place) {
  return std::ranges::all_of(place, [](std::uint8_t byte) { return byte == 0; });
}

// From the begin of the range to the place.
std::uint64_t at(const CodeRange& range, std::size_t place) {
  return place * ((range.end - range.begin - kPlaceBytes) / (kPlaces - 1));
}

// What the process has in the places. False if not all of it can be read.
bool read_memory(std::uint32_t tgid, const CodeRange& range, Places& out) {
  std::array<iovec, kPlaces> theirs{};
  for (std::size_t i = 0; i < kPlaces; ++i) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process
    theirs[i] = {reinterpret_cast<void*>(range.begin + at(range, i)), kPlaceBytes};
  }
  const iovec ours{out.data(), sizeof(out)};
  return ::process_vm_readv(static_cast<pid_t>(tgid), &ours, 1, theirs.data(), theirs.size(), 0) ==
         static_cast<ssize_t>(sizeof(out));
}

bool holds_its_code(const Places& memory, const Candidate& candidate) {
  std::size_t same = 0, different = 0;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    Place in_file{};
    const auto offset = static_cast<off_t>(candidate.range.file_offset + at(candidate.range, i));
    if (::pread(candidate.file->get(), in_file.data(), kPlaceBytes, offset) != kPlaceBytes) {
      return false;
    }
    if (is_zero(memory[i]) && is_zero(in_file)) continue;  // says nothing
    ++(memory[i] == in_file ? same : different);
  }
  return different <= kMayDiffer && same > kPlaces / 2;
}

std::vector<Candidate> candidates_for(const ImageRegistry& images, std::span<const CodeRange> known,
                                      const CodeRange& copy) {
  std::vector<Candidate> found;
  if (copy.end - copy.begin < kPlaces * kPlaceBytes) return found;
  auto near = std::ranges::lower_bound(known, copy.begin, {}, &CodeRange::end);
  for (std::size_t i = 0; i < kMaxCandidates && near != known.end() && near->begin <= copy.end;
       ++i, ++near) {
    const auto range = as_copy_of(*near, copy);
    if (!range || !images.at(range->image).fd) continue;
    found.push_back({*range, images.at(range->image).fd});
  }
  return found;
}

}  // namespace

std::optional<CodeRange> as_copy_of(const CodeRange& original, const CodeRange& copy) {
  if (original.kind != RangeKind::kImage) return std::nullopt;
  if (copy.begin < original.begin && original.begin - copy.begin > original.file_offset) {
    return std::nullopt;
  }
  CodeRange result = original;
  result.begin = copy.begin;
  result.end = copy.end;
  result.file_offset = original.file_offset + (copy.begin - original.begin);  // wraps back
  return result;
}

bool CopiedCode::may_compare(std::uint32_t tgid) {
  const std::uint64_t second = monotonic_ns() / 1'000'000'000;
  if (std::exchange(second_, second) != second) compared_.clear();
  if (++compared_[tgid] <= kMaxOfOne) return true;
  ++skipped_;
  return false;
}

std::optional<CodeRange> CopiedCode::original_of(std::uint32_t tgid,
                                                 std::span<const CodeRange> known,
                                                 const CodeRange& copy) {
  const auto candidates =
      std::make_shared<const std::vector<Candidate>>(candidates_for(images_, known, copy));
  if (candidates->empty() || !may_compare(tgid)) return std::nullopt;
  const auto found = calls_.run<std::optional<CodeRange>>(
      {.id = tgid, .user = proc_.owner(tgid)}, [=]() -> std::optional<CodeRange> {
        Places memory{};
        if (!read_memory(tgid, copy, memory)) return std::nullopt;
        for (const Candidate& candidate : *candidates) {
          if (holds_its_code(memory, candidate)) return candidate.range;
        }
        return std::nullopt;
      });
  return found ? *found : std::nullopt;
}

}  // namespace sonde
