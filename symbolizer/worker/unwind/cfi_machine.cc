// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/unwind/cfi_machine.h"

#include <dwarf.h>

#include <optional>

#include "symbolizer/worker/unwind/frame_section.h"

namespace sonde {
namespace {

using Kind = RegisterRule::Kind;

// Names that Debian's dwarf.h lacks.
constexpr std::uint8_t kAdvanceLoc8 = 0x1d;             // DW_CFA_MIPS_advance_loc8
constexpr std::uint8_t kNegativeOffsetExtended = 0x2f;  // DW_CFA_GNU_negative_offset_extended
constexpr std::uint8_t kArgsSize = 0x2e;                // DW_CFA_GNU_args_size

// Products of hostile factors: wrap around like unsigned numbers, without undefined behaviour.
std::int64_t scaled(std::uint64_t factor, std::int64_t align) {
  return static_cast<std::int64_t>(factor * static_cast<std::uint64_t>(align));
}
std::int64_t scaled(std::int64_t factor, std::int64_t align) {
  return scaled(static_cast<std::uint64_t>(factor), align);
}

}  // namespace

bool run_initial_instructions(const CfiProgram& program, ByteSpan instructions, RuleState& state) {
  CfiMachine::StateStack stack;
  const RuleState unset;
  CfiMachine machine(program, unset, instructions, 0, stack);
  if (machine.step() != CfiMachine::Step::kEnd) return false;  // a CIE does not advance
  state = machine.state();
  return true;
}

CfiMachine::Step CfiMachine::step() {
  while (!reader_.at_end()) {
    const std::uint8_t opcode = reader_.u8();
    const std::uint8_t operand = opcode & 0x3fU;
    Outcome outcome = Outcome::kDone;
    switch (opcode & 0xc0U) {
      case DW_CFA_advance_loc:
        outcome = advance(operand);
        break;
      case DW_CFA_offset:
        set(operand, Kind::kOffset, scaled(reader_.uleb(), program_.data_align));
        break;
      case DW_CFA_restore:
        restore(operand);
        break;
      default:
        if (opcode == DW_CFA_def_cfa_offset && !state_.cfa.is_expression) {  // half of all
          state_.cfa.offset = static_cast<std::int64_t>(reader_.uleb());
          changed_ = true;
        } else {
          outcome = extended(opcode);
        }
        break;
    }
    if (reader_.failed() || outcome == Outcome::kUnknown) return Step::kBroken;
    if (outcome == Outcome::kAdvanced) return Step::kAdvanced;
  }
  return Step::kEnd;
}

CfiMachine::Outcome CfiMachine::extended(std::uint8_t opcode) {
  switch (opcode) {
    case DW_CFA_nop:
      return Outcome::kDone;
    case DW_CFA_set_loc:
      return set_location();
    case DW_CFA_advance_loc1:
      return advance(reader_.u8());
    case DW_CFA_advance_loc2:
      return advance(reader_.fixed<std::uint16_t>());
    case DW_CFA_advance_loc4:
      return advance(reader_.fixed<std::uint32_t>());
    case kAdvanceLoc8:
      return advance(reader_.fixed<std::uint64_t>());
    case DW_CFA_remember_state:
      return remember();
    case DW_CFA_restore_state:
      return restore_state();
    case DW_CFA_restore_extended:
      restore(reader_.uleb());
      return Outcome::kDone;
    case kArgsSize:
      reader_.uleb();
      return Outcome::kDone;
    case DW_CFA_def_cfa:
    case DW_CFA_def_cfa_register:
    case DW_CFA_def_cfa_offset:
    case DW_CFA_def_cfa_sf:
    case DW_CFA_def_cfa_offset_sf:
    case DW_CFA_def_cfa_expression:
      return define_cfa(opcode);
    default:
      return define_register(opcode);
  }
}

CfiMachine::Outcome CfiMachine::advance(std::uint64_t delta) {
  if (reader_.failed()) return Outcome::kUnknown;
  std::uint64_t step = 0;
  if (__builtin_mul_overflow(delta, program_.code_align, &step) ||
      __builtin_add_overflow(location_, step, &location_)) {
    return Outcome::kUnknown;
  }
  return Outcome::kAdvanced;
}

CfiMachine::Outcome CfiMachine::set_location() {
  // The pointer is relative to its own place, and `reader_` is over the instructions only.
  const auto here = static_cast<std::uint64_t>(reader_.rest().data() - program_.section_begin);
  ByteReader pointer(reader_.rest());
  const auto target =
      read_encoded(pointer, program_.pointer_encoding, program_.section_vaddr + here);
  if (!target || *target < vaddr_ || *target - vaddr_ < location_) return Outcome::kUnknown;
  reader_.skip(pointer.position());
  location_ = *target - vaddr_;
  return Outcome::kAdvanced;
}

CfiMachine::Outcome CfiMachine::define_cfa(std::uint8_t opcode) {
  CfaRule& cfa = state_.cfa;
  changed_ = true;
  switch (opcode) {
    case DW_CFA_def_cfa:
      cfa = CfaRule{.reg = reader_.uleb()};
      cfa.offset = static_cast<std::int64_t>(reader_.uleb());
      return Outcome::kDone;
    case DW_CFA_def_cfa_sf:
      cfa = CfaRule{.reg = reader_.uleb()};
      cfa.offset = scaled(reader_.sleb(), program_.data_align);
      return Outcome::kDone;
    case DW_CFA_def_cfa_register:
      if (cfa.is_expression) return Outcome::kUnknown;
      cfa.reg = reader_.uleb();
      return Outcome::kDone;
    case DW_CFA_def_cfa_offset:
      if (cfa.is_expression) return Outcome::kUnknown;
      cfa.offset = static_cast<std::int64_t>(reader_.uleb());
      return Outcome::kDone;
    case DW_CFA_def_cfa_offset_sf:
      if (cfa.is_expression) return Outcome::kUnknown;
      cfa.offset = scaled(reader_.sleb(), program_.data_align);
      return Outcome::kDone;
    default:  // DW_CFA_def_cfa_expression
      cfa = CfaRule{.is_expression = true};
      cfa.expression = reader_.bytes(reader_.uleb());
      return Outcome::kDone;
  }
}

CfiMachine::Outcome CfiMachine::define_register(std::uint8_t opcode) {
  const std::uint64_t reg = reader_.uleb();
  switch (opcode) {
    case DW_CFA_undefined:
      set(reg, Kind::kUndefined, 0);
      return Outcome::kDone;
    case DW_CFA_same_value:
      set(reg, Kind::kSame, 0);
      return Outcome::kDone;
    case DW_CFA_register:
      set(reg, Kind::kRegister, static_cast<std::int64_t>(reader_.uleb()));
      return Outcome::kDone;
    case DW_CFA_offset_extended:
      set(reg, Kind::kOffset, scaled(reader_.uleb(), program_.data_align));
      return Outcome::kDone;
    case DW_CFA_offset_extended_sf:
      set(reg, Kind::kOffset, scaled(reader_.sleb(), program_.data_align));
      return Outcome::kDone;
    case kNegativeOffsetExtended:
      set(reg, Kind::kOffset, scaled(std::uint64_t{0} - reader_.uleb(), program_.data_align));
      return Outcome::kDone;
    case DW_CFA_val_offset:
      set(reg, Kind::kValueOffset, scaled(reader_.uleb(), program_.data_align));
      return Outcome::kDone;
    case DW_CFA_val_offset_sf:
      set(reg, Kind::kValueOffset, scaled(reader_.sleb(), program_.data_align));
      return Outcome::kDone;
    case DW_CFA_expression:
      set(reg, Kind::kExpression, 0, reader_.bytes(reader_.uleb()));
      return Outcome::kDone;
    case DW_CFA_val_expression:
      set(reg, Kind::kValueExpression, 0, reader_.bytes(reader_.uleb()));
      return Outcome::kDone;
    default:
      return Outcome::kUnknown;
  }
}

CfiMachine::Outcome CfiMachine::remember() {
  if (remembered_ == stack_.size()) return Outcome::kUnknown;
  stack_[remembered_++] = state_;
  return Outcome::kDone;
}

CfiMachine::Outcome CfiMachine::restore_state() {
  if (remembered_ == 0) return Outcome::kUnknown;
  state_ = stack_[--remembered_];
  changed_ = true;
  return Outcome::kDone;
}

void CfiMachine::restore(std::uint64_t reg) {
  if (reg == kDwarfRbp) {
    state_.rbp = initial_.rbp;
    changed_ = true;
  } else if (reg == kDwarfReturnAddress) {
    state_.return_address = initial_.return_address;
    changed_ = true;
  }
}

void CfiMachine::set(std::uint64_t reg, Kind kind, std::int64_t value, ByteSpan expression) {
  if (reg == kDwarfRbp) {
    state_.rbp = RegisterRule{kind, value, expression};
    changed_ = true;
  } else if (reg == kDwarfReturnAddress) {
    state_.return_address = RegisterRule{kind, value, expression};
    changed_ = true;
  }
}

}  // namespace sonde
