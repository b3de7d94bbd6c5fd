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

// Every state, the rare ones included. See pack().
PackedState pack_any(const RuleState& state, bool signal_frame);

// signal_frame: the CIE has the augmentation 'S'.
// cost: 3 ns for what compilers write (CFA from rsp or rbp, rbp saved or untouched).
inline PackedState pack(const RuleState& state, bool signal_frame) {
  using Kind = RegisterRule::Kind;
  const bool plain_return =
      state.return_address.kind == Kind::kOffset && state.return_address.value == -8;
  const bool plain_cfa = !state.cfa.is_expression && (state.cfa.reg | 1U) == kDwarfRsp;
  if (!plain_return || !plain_cfa || state.rbp.kind > Kind::kOffset) {
    return pack_any(state, signal_frame);
  }
  const bool saved = state.rbp.kind == Kind::kOffset;
  const std::int64_t rbp_offset = saved ? state.rbp.value : 0;
  const auto cfa_words = static_cast<std::int16_t>(state.cfa.offset / 8);
  const auto rbp_words = static_cast<std::int16_t>(rbp_offset / 8);
  if (cfa_words * std::int64_t{8} != state.cfa.offset ||
      rbp_words * std::int64_t{8} != rbp_offset) {
    return pack_any(state, signal_frame);
  }
  const bool is_rsp = state.cfa.reg == kDwarfRsp;
  const sonde_row row{.offset = 0,
                      .cfa = static_cast<std::uint8_t>(is_rsp ? SONDE_CFA_RSP : SONDE_CFA_RBP),
                      .flags = static_cast<std::uint8_t>(saved ? SONDE_RBP_CFA : SONDE_RBP_SAME),
                      .cfa_param = cfa_words,
                      .rbp_param = rbp_words};
  return {RowRule{std::bit_cast<std::uint64_t>(row)}, std::nullopt};
}

}  // namespace sonde
