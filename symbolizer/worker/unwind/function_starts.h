// SPDX-License-Identifier: Apache-2.0
// Where functions begin, for code without a symbol: unwind tables tell it, which most stripped
// files still have, and so does decoding code without such tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "symbolizer/worker/synth/bare_code.h"
#include "symbolizer/worker/unwind/file_rows.h"

namespace sonde {

class FunctionStarts {
 public:
  // Takes what the source knows of places; its tables are freed.
  explicit FunctionStarts(FrameSource source)
      : covered_(source.take_covered()), bare_(source.take_bare_code()) {}
  // Of a file whose unwind tables nobody has read yet. One that cannot be read has no starts.
  // cost: that of FrameSource::load().
  static FunctionStarts read(int fd);

  // File offset of the function that holds this one; the offset itself if none is known.
  // cost: a few ns if it lies shortly behind the one asked for before, else a binary search; the
  // first time outside all tables, decodes the code that they leave out.
  std::uint64_t begin_of(std::uint64_t file_offset);
  // Of memory held.
  [[nodiscard]] std::size_t bytes() const;

 private:
  FunctionStarts() = default;
  [[nodiscard]] std::optional<std::uint64_t> find_covered(std::uint64_t file_offset);
  void decode_bare_code();

  std::vector<PackedExtent> covered_;  // ascending
  std::size_t next_ = 0;               // in covered_: the first one behind what was asked last
  BareCode bare_;                      // until it is decoded
  std::vector<PackedExtent> decoded_;  // ascending
};

}  // namespace sonde
