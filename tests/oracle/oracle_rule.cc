// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/oracle_rule.h"

#include <dwarf.h>

#include <cstdio>
#include <span>
#include <vector>

namespace sonde {
namespace {

constexpr std::size_t kRbp = 6;
constexpr std::size_t kRsp = 7;
constexpr std::size_t kRip = 16;

std::uint64_t words(std::int64_t count) { return static_cast<std::uint64_t>(count * 8); }

// A stack machine for the operations that call frame tables use.
class Machine {
 public:
  Machine(const OracleState& state, std::uint64_t cfa) : state_(state), cfa_(cfa) {}

  bool run(std::span<const Dwarf_Op> ops) {
    for (const Dwarf_Op& op : ops) {
      if (!step(op)) return false;
    }
    return !stack_.empty() || reg_.has_value();
  }
  // The value the expression stands for: itself, what a register holds, or memory.
  [[nodiscard]] std::uint64_t value() const {
    if (reg_) return state_.registers[*reg_];
    return is_value_ ? stack_.back() : state_.load(stack_.back());
  }
  [[nodiscard]] std::uint64_t top() const { return stack_.back(); }

 private:
  bool push_register(std::uint64_t number, std::uint64_t offset) {
    if (number >= state_.registers.size()) return false;
    stack_.push_back(state_.registers[number] + offset);
    return true;
  }

  bool step(const Dwarf_Op& op) {
    if (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31) {
      return push_register(op.atom - DW_OP_breg0, op.number);
    }
    if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31) {
      reg_ = op.atom - DW_OP_reg0;
      return *reg_ < state_.registers.size();
    }
    if (op.atom >= DW_OP_lit0 && op.atom <= DW_OP_lit31) {
      stack_.push_back(op.atom - DW_OP_lit0);
      return true;
    }
    switch (op.atom) {
      case DW_OP_bregx:
        return push_register(op.number, op.number2);
      case DW_OP_regx:
        reg_ = op.number;
        return *reg_ < state_.registers.size();
      case DW_OP_call_frame_cfa:
        stack_.push_back(cfa_);
        return true;
      case DW_OP_const1u:
      case DW_OP_const1s:
      case DW_OP_const2u:
      case DW_OP_const2s:
      case DW_OP_const4u:
      case DW_OP_const4s:
      case DW_OP_constu:
      case DW_OP_consts:
        stack_.push_back(op.number);
        return true;
      case DW_OP_stack_value:
        is_value_ = true;
        return true;
      default:
        return step_on_stack(op);
    }
  }

  bool step_on_stack(const Dwarf_Op& op) {
    if (stack_.empty()) return false;
    if (op.atom == DW_OP_plus_uconst) {
      stack_.back() += op.number;
      return true;
    }
    if (op.atom == DW_OP_deref) {
      stack_.back() = state_.load(stack_.back());
      return true;
    }
    if (stack_.size() < 2) return false;
    const std::uint64_t right = stack_.back();
    stack_.pop_back();
    std::uint64_t& left = stack_.back();
    switch (op.atom) {
      case DW_OP_plus:
        left += right;
        return true;
      case DW_OP_minus:
        left -= right;
        return true;
      case DW_OP_and:
        left &= right;
        return true;
      case DW_OP_shl:
        left = right < 64 ? left << right : 0;
        return true;
      case DW_OP_ge:
        left = static_cast<std::int64_t>(left) >= static_cast<std::int64_t>(right) ? 1 : 0;
        return true;
      default:
        return false;
    }
  }

  const OracleState& state_;
  std::uint64_t cfa_;
  std::vector<std::uint64_t> stack_;
  std::optional<std::size_t> reg_;
  bool is_value_ = false;
};

enum class Found { kValue, kSame, kUndefined, kFailed };

Found find_register(Dwarf_Frame* frame, int number, const OracleState& state, std::uint64_t cfa,
                    std::uint64_t& value) {
  std::array<Dwarf_Op, 3> memory{};
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_register(frame, number, memory.data(), &ops, &count) != 0) return Found::kFailed;
  if (count == 0) return ops == nullptr ? Found::kSame : Found::kUndefined;
  Machine machine(state, cfa);
  if (!machine.run({ops, count})) return Found::kFailed;
  value = machine.value();
  return Found::kValue;
}

}  // namespace

OracleState OracleState::make(std::uint64_t seed, std::uint64_t pc) {
  OracleState state;
  for (std::size_t i = 0; i < state.registers.size(); ++i) {
    state.registers[i] = ((seed + i) * 0x9e3779b97f4a7c15ULL) >> 16U << 4U;
  }
  state.registers[kRip] = pc;
  return state;
}

std::uint64_t OracleState::load(std::uint64_t address) const {
  std::uint64_t value = address ^ registers[0];
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

std::string to_string(const OracleFrame& frame) {
  if (frame.is_end) return "end";
  std::array<char, 160> text{};
  std::snprintf(
      text.data(), text.size(), "cfa=%#llx rbp=%#llx ra=%#llx%s",
      static_cast<unsigned long long>(frame.cfa), static_cast<unsigned long long>(frame.rbp),
      static_cast<unsigned long long>(frame.return_address), frame.is_signal ? " signal" : "");
  return text.data();
}

namespace {
// A frame over 256 KiB: both parameters together are one unsigned number of words.
OracleFrame evaluate_far(const sonde_row& row, std::uint64_t base, std::uint64_t rbp,
                         const OracleState& state) {
  const std::uint64_t far = std::uint64_t{static_cast<std::uint16_t>(row.rbp_param)} << 16 |
                            static_cast<std::uint16_t>(row.cfa_param);
  const unsigned slot = SONDE_ROW_CFA_AUX(row);
  OracleFrame out;
  out.cfa = base + far * 8;
  out.rbp = slot != 0 ? state.load(out.cfa - std::uint64_t{slot} * 8) : rbp;
  out.return_address = state.load(out.cfa - 8);
  return out;
}
}  // namespace

std::optional<OracleFrame> evaluate_row(const sonde_row& row, const OracleState& state) {
  const std::uint64_t rsp = state.registers[kRsp];
  const std::uint64_t rbp = state.registers[kRbp];
  OracleFrame out;
  switch (SONDE_ROW_CFA_KIND(row)) {
    case SONDE_CFA_RSP:
      out.cfa = rsp + words(row.cfa_param);
      break;
    case SONDE_CFA_RBP:
      out.cfa = rbp + words(row.cfa_param);
      break;
    case SONDE_CFA_REGISTER:
      out.cfa = state.registers[SONDE_ROW_CFA_AUX(row)] + words(row.cfa_param);
      break;
    case SONDE_CFA_DEREF_RSP:
      out.cfa = state.load(rsp + words(row.cfa_param >> 4)) + words(row.cfa_param & 15);
      break;
    case SONDE_CFA_DEREF_RBP:
      out.cfa = state.load(rbp + words(row.cfa_param >> 4)) + words(row.cfa_param & 15);
      break;
    case SONDE_CFA_PLT: {
      const bool pushed = (state.registers[kRip] & 15U) >= SONDE_ROW_CFA_AUX(row);
      out.cfa = rsp + words(row.cfa_param) + (pushed ? 8U : 0U);
      break;
    }
    case SONDE_CFA_FAR_RSP:
      return evaluate_far(row, rsp, rbp, state);
    case SONDE_CFA_FAR_RBP:
      return evaluate_far(row, rbp, rbp, state);
    case SONDE_CFA_SIGNAL:
      out.is_signal = true;
      out.cfa = state.load(rsp + 160);
      out.rbp = state.load(rsp + 120);
      out.return_address = state.load(rsp + 168);
      return out;
    case SONDE_CFA_END:
      out.is_end = true;
      return out;
    default:
      return std::nullopt;
  }
  switch (SONDE_ROW_RBP_KIND(row)) {
    case SONDE_RBP_SAME:
      out.rbp = rbp;
      break;
    case SONDE_RBP_CFA:
      out.rbp = state.load(out.cfa + words(row.rbp_param));
      break;
    case SONDE_RBP_AT_RBP:
      out.rbp = state.load(rbp + words(row.rbp_param));
      break;
    default:
      out.rbp = state.load(rsp + words(row.rbp_param));
      break;
  }
  const bool in_register = SONDE_ROW_RA_KIND(row) == SONDE_RA_REGISTER;
  out.return_address = in_register ? state.registers[static_cast<std::size_t>(row.rbp_param)]
                                   : state.load(out.cfa - 8);
  return out;
}

LibdwResult evaluate_libdw(Dwarf_Frame* frame, const OracleState& state) {
  LibdwResult result;
  OracleFrame& out = result.frame;
  const int ra = dwarf_frame_info(frame, nullptr, nullptr, &out.is_signal);
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  result.failed = ra < 0 || dwarf_frame_cfa(frame, &ops, &count) != 0;
  if (result.failed) return result;
  std::uint64_t ignored = 0;
  if (find_register(frame, ra, state, 0, ignored) == Found::kUndefined) {
    out = OracleFrame{.is_end = true};
    return result;
  }
  Machine machine(state, 0);
  result.failed = count == 0 || !machine.run({ops, count});
  if (result.failed) return result;
  out.cfa = machine.top();
  const Found found_rbp = find_register(frame, static_cast<int>(kRbp), state, out.cfa, out.rbp);
  if (found_rbp == Found::kSame || found_rbp == Found::kUndefined) {
    out.rbp = state.registers[kRbp];
  }
  result.rbp_undefined = found_rbp == Found::kUndefined;
  const Found found_ra = find_register(frame, ra, state, out.cfa, out.return_address);
  result.failed = found_rbp == Found::kFailed || found_ra != Found::kValue;
  return result;
}

}  // namespace sonde
