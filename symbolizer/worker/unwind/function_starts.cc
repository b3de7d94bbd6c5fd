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

std::uint64_t FunctionStarts::begin_of(std::uint64_t file_offset) {
  if (const auto begin = find(covered_, file_offset)) return *begin;
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
