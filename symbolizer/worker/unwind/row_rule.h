// SPDX-License-Identifier: Apache-2.0
// Packs the state of a call frame program into the rule of one unwind row, or names why it
// cannot be expressed.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "bpf/abi/rows.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/unwind/cfi_state.h"

namespace sonde {

// A sonde_row without its offset, comparable as one number.
struct RowRule {
  std::uint64_t bits = 0;  // the row's 8 bytes with offset 0

  static RowRule from(const sonde_row& row) {
    RowRule rule{std::bit_cast<std::uint64_t>(row)};
    rule.bits &= ~std::uint64_t{0xffff};
    return rule;
  }
  [[nodiscard]] sonde_row at(std::uint16_t offset) const {
    return std::bit_cast<sonde_row>(bits | offset);
  }
  [[nodiscard]] bool is_none() const { return bits == 0; }
  bool operator==(const RowRule&) const = default;
};
static_assert(sizeof(sonde_row) == 8 && SONDE_CFA_NONE == 0);

inline RowRule simple_rule(std::uint8_t cfa_kind) {
  return RowRule{std::uint64_t{cfa_kind} << 16U};
}

struct PackedState {
  RowRule rule;
  std::optional<RowClass> unsupported;  // set: rule is SONDE_CFA_UNSUPPORTED, this is why
};

// signal_frame: the CIE has the augmentation 'S'.
PackedState pack(const RuleState& state, bool signal_frame);

}  // namespace sonde
