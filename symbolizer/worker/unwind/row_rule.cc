// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/unwind/row_rule.h"

#include <dwarf.h>

#include <cstdlib>
#include <limits>

namespace sonde {
namespace {

using Kind = RegisterRule::Kind;

constexpr std::int64_t kWord = 8;
// Offsets in the kernel's struct ucontext as it lies on the signal stack: gregs begin at 40.
constexpr std::int64_t kUcontextRbp = 40 + 10 * kWord;
constexpr std::int64_t kUcontextRsp = 40 + 15 * kWord;
constexpr std::int64_t kUcontextRip = 40 + 16 * kWord;

// register + offset, optionally dereferenced, plus another offset.
struct Location {
  std::uint64_t reg = 0;
  std::int64_t offset = 0;
  bool dereferenced = false;
  std::int64_t plus = 0;
};

std::optional<std::int64_t> as_words(std::int64_t bytes, std::int64_t low, std::int64_t high) {
  if (bytes % kWord != 0) return std::nullopt;
  const std::int64_t words = bytes / kWord;
  if (words < low || words > high) return std::nullopt;
  return words;
}
std::optional<std::int16_t> as_param(std::int64_t bytes) {
  const auto words = as_words(bytes, std::numeric_limits<std::int16_t>::min(),
                              std::numeric_limits<std::int16_t>::max());
  if (!words) return std::nullopt;
  return static_cast<std::int16_t>(*words);
}

// DW_OP_bregN a [DW_OP_deref] [DW_OP_plus_uconst b | DW_OP_litN DW_OP_plus]
std::optional<Location> read_location(ByteSpan expression) {
  ByteReader reader(expression);
  const std::uint8_t base = reader.u8();
  if (base < DW_OP_breg0 || base > DW_OP_breg15) return std::nullopt;
  Location out{.reg = static_cast<std::uint64_t>(base - DW_OP_breg0), .offset = reader.sleb()};
  std::uint8_t opcode = reader.at_end() ? 0 : reader.u8();
  if (opcode == DW_OP_deref) {
    out.dereferenced = true;
    opcode = reader.at_end() ? 0 : reader.u8();
  }
  if (opcode == DW_OP_plus_uconst) {
    out.plus = static_cast<std::int64_t>(reader.uleb());
  } else if (opcode >= DW_OP_lit0 && opcode <= DW_OP_lit31) {
    out.plus = opcode - DW_OP_lit0;
    if (reader.u8() != DW_OP_plus) return std::nullopt;
  } else if (opcode != 0) {
    return std::nullopt;
  }
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  if (!out.dereferenced) {
    out.offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(out.offset) +
                                           static_cast<std::uint64_t>(out.plus));
    out.plus = 0;
  }
  return out;
}

// The linker's rule for its own PLT: rsp + base + ((rip & 15) >= threshold) * 8.
// Returns the threshold; `base` gets the offset.
std::optional<std::uint8_t> read_plt(ByteSpan expression, std::int64_t& base) {
  ByteReader reader(expression);
  if (reader.u8() != DW_OP_breg7) return std::nullopt;
  base = reader.sleb();
  if (reader.u8() != DW_OP_breg16 || reader.sleb() != 0) return std::nullopt;
  if (reader.u8() != DW_OP_lit15 || reader.u8() != DW_OP_and) return std::nullopt;
  const std::uint8_t literal = reader.u8();
  if (literal < DW_OP_lit0 || literal > DW_OP_lit15) return std::nullopt;
  if (reader.u8() != DW_OP_ge || reader.u8() != DW_OP_lit3) return std::nullopt;
  if (reader.u8() != DW_OP_shl || reader.u8() != DW_OP_plus) return std::nullopt;
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return static_cast<std::uint8_t>(literal - DW_OP_lit0);
}

bool is_saved_at(const RegisterRule& rule, std::int64_t rsp_offset) {
  if (rule.kind != Kind::kExpression) return false;
  const auto where = read_location(rule.expression);
  return where && where->reg == kDwarfRsp && !where->dereferenced && where->offset == rsp_offset;
}

// glibc's __restore_rt: rsp points at the ucontext the kernel wrote.
bool is_ucontext(const RuleState& state) {
  if (!state.cfa.is_expression) return false;
  const auto cfa = read_location(state.cfa.expression);
  return cfa && cfa->reg == kDwarfRsp && cfa->dereferenced && cfa->offset == kUcontextRsp &&
         cfa->plus == 0 && is_saved_at(state.rbp, kUcontextRbp) &&
         is_saved_at(state.return_address, kUcontextRip);
}

using Problem = std::optional<RowClass>;

Problem pack_register_cfa(std::uint64_t reg, std::int64_t offset, sonde_row& row) {
  if (reg > 15) return RowClass::kCfaRegister;
  const auto words = as_param(offset);
  if (!words) return RowClass::kCfaRange;
  row.cfa_param = *words;
  if (reg == kDwarfRsp) {
    row.cfa = SONDE_CFA_RSP;
  } else if (reg == kDwarfRbp) {
    row.cfa = SONDE_CFA_RBP;
  } else {
    row.cfa = static_cast<std::uint8_t>(SONDE_CFA_REGISTER | reg << 4U);
  }
  return std::nullopt;
}

Problem pack_cfa(const CfaRule& cfa, sonde_row& row) {
  if (!cfa.is_expression) return pack_register_cfa(cfa.reg, cfa.offset, row);
  std::int64_t base = 0;
  if (const auto threshold = read_plt(cfa.expression, base)) {
    const auto words = as_param(base);
    if (!words) return RowClass::kCfaRange;
    row.cfa = static_cast<std::uint8_t>(SONDE_CFA_PLT | *threshold << 4U);
    row.cfa_param = *words;
    return std::nullopt;
  }
  const auto where = read_location(cfa.expression);
  if (!where) return RowClass::kCfaExpression;
  if (!where->dereferenced) return pack_register_cfa(where->reg, where->offset, row);
  if (where->reg != kDwarfRsp && where->reg != kDwarfRbp) return RowClass::kCfaExpression;
  const auto first = as_words(where->offset, -2048, 2047);  // 12 bits
  const auto second = as_words(where->plus, 0, 15);         // 4 bits
  if (!first || !second) return RowClass::kCfaRange;
  row.cfa = where->reg == kDwarfRsp ? SONDE_CFA_DEREF_RSP : SONDE_CFA_DEREF_RBP;
  row.cfa_param = static_cast<std::int16_t>(*first * 16 + *second);
  return std::nullopt;
}

Problem pack_rbp(const RegisterRule& rbp, sonde_row& row) {
  std::int64_t offset = rbp.value;
  std::uint8_t kind = SONDE_RBP_CFA;
  switch (rbp.kind) {
    case Kind::kUnspecified:
    case Kind::kSame:
    case Kind::kUndefined:  // lost: no rule may use it further up, so any value will do
      return std::nullopt;
    case Kind::kOffset:
      break;
    case Kind::kExpression: {
      const auto where = read_location(rbp.expression);
      if (!where || where->dereferenced) return RowClass::kRbpExpression;
      if (where->reg != kDwarfRbp && where->reg != kDwarfRsp) return RowClass::kRbpExpression;
      kind = where->reg == kDwarfRbp ? SONDE_RBP_AT_RBP : SONDE_RBP_AT_RSP;
      offset = where->offset;
      break;
    }
    case Kind::kRegister:
      return RowClass::kRbpRegister;
    case Kind::kValueOffset:
    case Kind::kValueExpression:
      return RowClass::kRbpValue;
  }
  const auto words = as_param(offset);
  if (!words) return RowClass::kRbpRange;
  row.flags = kind;
  row.rbp_param = *words;
  return std::nullopt;
}

Problem pack_return_address(const RegisterRule& rule, sonde_row& row) {
  if (rule.kind == Kind::kUnspecified) return std::nullopt;  // the ABI's default: CFA-8
  if (rule.kind == Kind::kOffset && rule.value == -kWord) return std::nullopt;
  if (rule.kind == Kind::kRegister && rule.value >= 0 && rule.value <= 15 &&
      SONDE_ROW_RBP_KIND(row) == SONDE_RBP_SAME) {
    row.flags = SONDE_RA_REGISTER << 2U;
    row.rbp_param = static_cast<std::int16_t>(rule.value);
    return std::nullopt;
  }
  return RowClass::kReturnAddress;
}

// A frame of more than 256 KiB: its offset takes both parameters, so rbp must be unchanged or saved
// within 15 words below the CFA (compilers put it at CFA-16).
Problem pack_far(const RuleState& state, sonde_row& row) {
  const CfaRule& cfa = state.cfa;
  if (cfa.is_expression || (cfa.reg != kDwarfRsp && cfa.reg != kDwarfRbp)) {
    return RowClass::kCfaRange;
  }
  const auto words = as_words(cfa.offset, 0, std::numeric_limits<std::int32_t>::max());
  if (!words) return RowClass::kCfaRange;
  sonde_row rbp{};
  if (Problem problem = pack_rbp(state.rbp, rbp)) return problem;
  const bool saved = SONDE_ROW_RBP_KIND(rbp) != SONDE_RBP_SAME;
  if (saved &&
      (SONDE_ROW_RBP_KIND(rbp) != SONDE_RBP_CFA || rbp.rbp_param < -15 || rbp.rbp_param > -1)) {
    return RowClass::kRbpRange;
  }
  const auto slot = static_cast<std::uint8_t>(saved ? -rbp.rbp_param : 0);
  const int kind = cfa.reg == kDwarfRsp ? SONDE_CFA_FAR_RSP : SONDE_CFA_FAR_RBP;
  row = sonde_row{};
  row.cfa = static_cast<std::uint8_t>(kind | slot << 4U);
  row.cfa_param = static_cast<std::int16_t>(*words & 0xffff);
  row.rbp_param = static_cast<std::int16_t>(*words >> 16);
  const RegisterRule& ra = state.return_address;
  const bool usual =
      ra.kind == Kind::kUnspecified || (ra.kind == Kind::kOffset && ra.value == -kWord);
  return usual ? std::nullopt : Problem(RowClass::kReturnAddress);
}

}  // namespace

PackedState pack_any(const RuleState& state, bool signal_frame) {
  if (state.return_address.kind == Kind::kUndefined) return {simple_rule(SONDE_CFA_END), {}};
  if (signal_frame && state.cfa.is_expression) {
    if (is_ucontext(state)) return {simple_rule(SONDE_CFA_SIGNAL), {}};
    return {simple_rule(SONDE_CFA_UNSUPPORTED), RowClass::kSignalLayout};
  }
  sonde_row row{};
  Problem problem = pack_cfa(state.cfa, row);
  if (!problem) problem = pack_rbp(state.rbp, row);
  if (!problem) problem = pack_return_address(state.return_address, row);
  if (problem == RowClass::kCfaRange) problem = pack_far(state, row);
  if (problem) return {simple_rule(SONDE_CFA_UNSUPPORTED), problem};
  return {RowRule::from(row), std::nullopt};
}

}  // namespace sonde
