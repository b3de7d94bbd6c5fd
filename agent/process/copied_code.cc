// SPDX-License-Identifier: Apache-2.0
#include "agent/process/copied_code.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace sonde {
namespace {

constexpr std::uint64_t kPlaces = 20;
constexpr std::size_t kPlaceBytes = 64;
// Of them, those that may differ: breakpoints of uprobes and debuggers are in memory alone.
constexpr std::uint64_t kMayDiffer = 2;
// A program may map thousands of small ranges where the memory is now: each costs 41 system calls.
constexpr int kMaxCandidates = 8;

using Place = std::array<std::uint8_t, kPlaceBytes>;

bool is_zero(const Place& place) {
  return std::ranges::all_of(place, [](std::uint8_t byte) { return byte == 0; });
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

bool holds_its_code(const ProcReader& proc, const ImageRegistry& images, std::uint32_t tgid,
                    const CodeRange& range) {
  const Image& image = images.at(range.image);
  if (!image.fd || range.end - range.begin < kPlaces * kPlaceBytes) return false;
  const auto memory = proc.open_memory(tgid);
  if (!memory) return false;
  const std::uint64_t stride = (range.end - range.begin - kPlaceBytes) / (kPlaces - 1);
  std::uint64_t same = 0, different = 0;
  for (std::uint64_t i = 0; i < kPlaces; ++i) {
    Place in_memory{}, in_file{};
    const std::uint64_t at = i * stride;
    const auto address = static_cast<off_t>(range.begin + at);
    const auto offset = static_cast<off_t>(range.file_offset + at);
    if (::pread(memory->get(), in_memory.data(), kPlaceBytes, address) != kPlaceBytes) return false;
    if (::pread(image.fd.get(), in_file.data(), kPlaceBytes, offset) != kPlaceBytes) return false;
    if (is_zero(in_memory) && is_zero(in_file)) continue;  // says nothing
    ++(in_memory == in_file ? same : different);
  }
  return different <= kMayDiffer && same > kPlaces / 2;
}

std::optional<CodeRange> find_original(const ProcReader& proc, const ImageRegistry& images,
                                       std::uint32_t tgid, std::span<const CodeRange> known,
                                       const CodeRange& copy) {
  auto near = std::ranges::lower_bound(known, copy.begin, {}, &CodeRange::end);
  for (int i = 0; i < kMaxCandidates && near != known.end() && near->begin <= copy.end;
       ++i, ++near) {
    const auto candidate = as_copy_of(*near, copy);
    if (candidate && holds_its_code(proc, images, tgid, *candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace sonde
