// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/elf/file_window.h"

#include <algorithm>
#include <utility>

namespace sonde {

ByteSpan FileWindow::read(std::uint64_t offset, std::size_t bytes, ByteBuffer& into) const {
  auto got = file_->read(begin_ + offset, std::min<std::uint64_t>(bytes, bytes_ - offset), bytes);
  into = got ? std::move(*got) : ByteBuffer();
  return into.span();
}

ByteSpan FileWindow::at(std::uint64_t offset, std::size_t least) {
  if (offset >= bytes_) return {};
  least = std::min({least, kMostBytes, static_cast<std::size_t>(bytes_ - offset)});
  const std::uint64_t number = offset / kBlockBytes;
  const auto in_block = static_cast<std::size_t>(offset % kBlockBytes);
  if (in_block + least > kBlockBytes) return read(offset, least, across_);
  Block& block = blocks_[number % kBlocks];
  if (block.number != number) {
    block.number = number;
    read(number * kBlockBytes, kBlockBytes, block.bytes);
  }
  const ByteSpan held = block.bytes.span();
  return held.subspan(std::min(in_block, held.size()));
}

}  // namespace sonde
