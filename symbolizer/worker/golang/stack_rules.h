// SPDX-License-Identifier: Apache-2.0
// Unwind rules of a Go program's code, made of its function table: Go code has no .eh_frame.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/sha256.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/golang/function_table.h"
#include "symbolizer/worker/golang/stack_switch.h"
#include "symbolizer/worker/unwind/frame_section.h"
#include "symbolizer/worker/unwind/row_builder.h"

namespace sonde {

class GoStackRules {
 public:
  // Empty if the file is no Go program. cost: about 100 ns a function and 10 ns a rule. Nothing of
  // the table is kept.
  // Rules past `max_rules` are left out and counted.
  static GoStackRules load(const ElfFile& file, std::size_t max_rules = kMaxTableRows);

  [[nodiscard]] bool empty() const { return rules_.empty(); }
  // By ascending file offset.
  [[nodiscard]] std::span<const PlacedRule> rules() const { return rules_; }
  // The code that they are of, ascending; neighbours in one.
  [[nodiscard]] std::span<const PackedExtent> extents() const { return extents_; }
  // Adds what could not be expressed.
  void count_into(RowClassCounts& classes) const;
  // Everything that rows are made of.
  void hash_into(Sha256& hash) const;

 private:
  struct Special {
    GoSpecial special;
    GoFunction function;
  };
  void add(GoFunctionTable& table, const GoFunction& function);
  void add_deltas(GoFunctionTable& table, const GoFunction& function);
  void add_switches(const ElfFile& file);
  void set(std::uint64_t begin, RowRule rule);

  std::size_t max_rules_ = kMaxTableRows;
  std::vector<PlacedRule> rules_;
  std::vector<PackedExtent> extents_;
  std::vector<Special> specials_;       // on other stacks in part
  std::uint64_t cfa_range_ = 0;         // rules that do not fit
  std::uint64_t unknown_switches_ = 0;  // of them, not understood
  std::uint64_t over_budget_ = 0;       // rules left out
};

}  // namespace sonde
