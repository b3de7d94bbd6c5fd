// SPDX-License-Identifier: Apache-2.0
// Names of code whose addresses are used again for other code: of processes that make code at run
// time, and of the kernel, which loads modules and BPF programs. A window keeps the names of its
// own time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "agent/store/name_keeper.h"

namespace sonde {

// Thread-confined.
class MadeNames {
 public:
  static constexpr std::size_t kMaxNames = 65'536;  // then a new content begins

  // whose  of all boots, processes and times the only one.
  explicit MadeNames(std::string whose) : whose_(std::move(whose)) {}

  // Keeps the names: those that the keeper does not have yet.
  // returns  the content they are kept under: another one than before if a name would have replaced
  //          another at its address.
  std::string keep(std::span<const NamedOffset> names, NameKeeper& keeper, std::uint64_t now_ns);

  // Whether all of the addresses have been named, or said to have no name.
  [[nodiscard]] bool knows(std::uint64_t address) const { return names_.contains(address); }
  // What was said of an address. Precondition: knows().
  [[nodiscard]] const StoredFunction& at(std::uint64_t address) const { return names_.at(address); }

 private:
  [[nodiscard]] bool replaces(std::span<const NamedOffset> names) const;

  const std::string whose_;
  std::uint64_t generation_ = 0;
  std::string content_;
  std::map<std::uint64_t, StoredFunction> names_;  // of this content
};

}  // namespace sonde
