// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/unwind/function_starts.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace sonde {
namespace {

std::optional<std::uint64_t> find(std::span<const PackedExtent> extents, std::uint64_t offset) {
  const auto after = std::ranges::upper_bound(extents, offset, {}, &PackedExtent::begin);
  if (after == extents.begin()) return std::nullopt;
  const PackedExtent extent = *std::prev(after);
  if (offset >= extent.end()) return std::nullopt;
  return extent.begin();
}

}  // namespace

FunctionStarts FunctionStarts::read(int fd) {
  auto file = ElfFile::open(fd);
  if (!file) return {};
  auto source = FrameSource::load(std::move(*file));
  if (!source) return {};
  return FunctionStarts(std::move(*source));
}

// Questions come in ascending order, and files have many functions.
std::optional<std::uint64_t> FunctionStarts::find_covered(std::uint64_t file_offset) {
  constexpr int kSteps = 16;
  if (next_ > 0 && covered_[next_ - 1].begin() > file_offset) next_ = 0;
  for (int i = 0; i < kSteps; ++i, ++next_) {
    if (next_ == covered_.size() || covered_[next_].begin() > file_offset) break;
  }
  if (next_ < covered_.size() && covered_[next_].begin() <= file_offset) {
    const auto after = std::ranges::upper_bound(covered_, file_offset, {}, &PackedExtent::begin);
    next_ = static_cast<std::size_t>(after - covered_.begin());
  }
  if (next_ == 0 || file_offset >= covered_[next_ - 1].end()) return std::nullopt;
  return covered_[next_ - 1].begin();
}

std::uint64_t FunctionStarts::begin_of(std::uint64_t file_offset) {
  if (const auto begin = find_covered(file_offset)) return *begin;
  if (!bare_.empty()) decode_bare_code();
  return find(decoded_, file_offset).value_or(file_offset);
}

void FunctionStarts::decode_bare_code() {
  const std::vector<std::uint64_t> starts = bare_.starts();
  for (std::size_t i = 0; i < starts.size(); ++i) {
    std::uint64_t end = bare_.region_end(starts[i]);
    if (i + 1 < starts.size()) end = std::min(end, starts[i + 1]);
    if (starts[i] >> 32U != 0) break;  // out of reach of any table
    decoded_.emplace_back(starts[i], static_cast<std::uint32_t>(end - starts[i]));
  }
  bare_ = BareCode();
}

std::size_t FunctionStarts::bytes() const {
  return (covered_.capacity() + decoded_.capacity()) * sizeof(PackedExtent) +
         static_cast<std::size_t>(bare_.bytes());
}

}  // namespace sonde
