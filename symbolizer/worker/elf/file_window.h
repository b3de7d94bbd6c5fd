// SPDX-License-Identifier: Apache-2.0
// A part of a file of which only some blocks are held, for tables that are large and read nearly
// in order.
#pragma once

#include <array>
#include <cstdint>

#include "symbolizer/worker/elf/byte_reader.h"
#include "symbolizer/worker/elf/elf_file.h"

namespace sonde {

// Holds at most 3 MiB. The file must outlive it.
class FileWindow {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{32} << 10;

  FileWindow() = default;
  FileWindow(const ElfFile& file, std::uint64_t begin, std::uint64_t bytes)
      : file_(&file), begin_(begin), bytes_(bytes) {}

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // `least` bytes (up to 1 MiB) or more from `offset` in the part on, fewer at its end; none past
  // it or if the file cannot be read. Valid until the next call. cost: a few ns if it is held.
  ByteSpan at(std::uint64_t offset, std::size_t least);

 private:
  struct Block {
    std::uint64_t number = ~std::uint64_t{0};
    ByteBuffer bytes;
  };
  static constexpr std::size_t kBlocks = 64;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  ByteSpan read(std::uint64_t offset, std::size_t bytes, ByteBuffer& into) const;

  const ElfFile* file_ = nullptr;
  std::uint64_t begin_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<Block, kBlocks> blocks_;  // by number modulo their count
  ByteBuffer across_;                  // what lies in more than one block
};

}  // namespace sonde
