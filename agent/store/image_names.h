// SPDX-License-Identifier: Apache-2.0
// Names of code at the offsets that were sampled, of one image: what is left of a file's symbols
// once the file is gone. As bytes, and back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace sonde {

struct StoredFunction {
  std::string name;               // demangled, valid UTF-8
  std::string system_name;        // as in the symbol table
  std::uint64_t file_offset = 0;  // of its first byte; of the kernel's: its address

  auto operator<=>(const StoredFunction&) const = default;
};

// Thread-confined. Functions are kept once.
class ImageNames {
 public:
  static constexpr std::size_t kMaxOffsets = std::size_t{1} << 20;

  // The function at an offset; null if it is not known. Valid until the next add().
  [[nodiscard]] const StoredFunction* find(std::uint64_t offset) const;
  // A name that is there already is replaced: what was found last is the best there is. Offsets
  // past kMaxOffsets are left out. returns  true if that changed anything.
  bool add(std::uint64_t offset, const StoredFunction& function);

  [[nodiscard]] std::size_t size() const { return at_.size(); }
  // Ascending.
  [[nodiscard]] std::vector<std::uint64_t> offsets() const;

  [[nodiscard]] std::string encode() const;
  // errors  kDataLoss       not what encode() makes
  //         kUnimplemented  of a later version
  static Result<ImageNames> decode(std::string_view bytes);

 private:
  std::uint32_t index_of(const StoredFunction& function);

  std::vector<StoredFunction> functions_;
  std::map<StoredFunction, std::uint32_t> index_;
  std::map<std::uint64_t, std::uint32_t> at_;  // offset -> function
};

}  // namespace sonde
