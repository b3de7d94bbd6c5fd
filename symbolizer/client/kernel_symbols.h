// SPDX-License-Identifier: Apache-2.0
// Names of kernel addresses from /proc/kallsyms: one parse into a packed sorted array, and what the
// kernel says of later functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace sonde {

struct KernelSymbol {
  std::string_view name;      // valid while the table lives
  std::string_view module;    // "[kernel]", a module's name, "bpf", ...
  std::uint64_t address = 0;  // of the function's first byte
};

// Safe to read from any thread while nobody calls add().
class KernelSymbols {
 public:
  // Reads a file in the format of /proc/kallsyms; only text symbols are kept (types t, T, w, W).
  // errors  kPermissionDenied  every address is zero (kptr_restrict, or no CAP_SYSLOG): the
  //                            message starts with `kallsyms_restricted`
  //         kNotFound          no such file, or no text symbol in it
  //         kOutOfRange        more than 64 MiB of text or 2 M symbols
  // cost    about 25 ms and 4 MiB for 100,000 symbols.
  static Result<KernelSymbols> load(const std::string& path = "/proc/kallsyms");
  // The same over text in memory (tests, fuzzing).
  static Result<KernelSymbols> parse(std::string_view text);

  // The function that contains `address`; none below the first symbol or past the end of the
  // text that the last symbol of a region can cover (1 MiB).
  [[nodiscard]] std::optional<KernelSymbol> find(std::uint64_t address) const;
  // A function that came after load(): a BPF program. It counts before what was there, and takes
  // the place of those added whose bytes it has. At most 65,536; false: there was no room.
  bool add(std::uint64_t begin, std::uint32_t bytes, std::string name);
  // Of one that was added.
  void forget(std::uint64_t begin) { added_.erase(begin); }
  [[nodiscard]] bool was_added(std::uint64_t begin) const { return added_.contains(begin); }
  // Takes over what was added to an older table. Returns the begins of those that this table does
  // not have itself.
  std::vector<std::uint64_t> keep_added_of(KernelSymbols&& older);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Entry {
    std::uint64_t address = 0;
    std::uint32_t name = 0;  // offset into names_, NUL-terminated
    std::uint16_t module = 0;
    std::uint16_t rank = 0;
  };
  struct Added {
    std::uint32_t bytes = 0;
    std::string name;
  };
  void sort();

  std::vector<Entry> entries_;  // sorted by address, one per address
  std::string names_;
  std::vector<std::string> modules_;
  std::map<std::uint64_t, Added> added_;  // by begin
};

}  // namespace sonde
