// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/synth/frame_state.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sonde {
namespace {

constexpr std::int32_t kWord = 8;
constexpr std::int64_t kFarthest = std::int64_t{1} << 30;
// What a called function may change, by the System V ABI: all but rbx, rsp, rbp, r12 to r15.
constexpr std::uint16_t kCallerSaved = 0x0fc7;
// Register numbers of machine code -> of DWARF.
constexpr std::array<std::uint8_t, kGeneralRegisters> kDwarfNumbers = {
    0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

bool fits(std::int64_t bytes) {
  const std::int64_t words = bytes / kWord;
  return bytes % kWord == 0 && words >= std::numeric_limits<std::int16_t>::min() &&
         words <= std::numeric_limits<std::int16_t>::max();
}

std::int16_t as_words(std::int64_t bytes) { return static_cast<std::int16_t>(bytes / kWord); }

}  // namespace

FrameState FrameState::at_entry(std::int32_t pushed) {
  FrameState state;
  state.registers_[kRsp] = {Base::kCfa, -kWord - pushed * kWord};
  state.registers_[kRbp] = {Base::kCallerRbp, 0};
  return state;
}

FrameState FrameState::unknown() {
  FrameState state;
  state.registers_[kRsp] = {Base::kAnchor, 0};
  return state;
}

FrameState::Value FrameState::plus(Value value, std::int64_t bytes) {
  if (value.base != Base::kCfa && value.base != Base::kAnchor) return {};
  const std::int64_t sum = value.offset + bytes;
  if (bytes < -kFarthest || bytes > kFarthest || sum < -kFarthest || sum > kFarthest) return {};
  return {value.base, static_cast<std::int32_t>(sum)};
}

FrameState::Value FrameState::address(const MemoryOperand& memory) const {
  return memory.base == kNoRegister ? Value{} : plus(registers_[memory.base], memory.offset);
}

FrameState::Value FrameState::load(const MemoryOperand& memory) const {
  return load(address(memory));
}

FrameState::Value FrameState::load(Value at) const {
  for (std::size_t i = 0; i < slot_count_; ++i) {
    if (slots_[i].at == at) return slots_[i].value;
  }
  return {};
}

const FrameState::Slot* FrameState::slot_of(Base value_base) const {
  for (std::size_t i = 0; i < slot_count_; ++i) {
    if (slots_[i].value.base == value_base) return &slots_[i];
  }
  return nullptr;
}

void FrameState::forget(Value at, std::int32_t bytes) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < slot_count_; ++i) {
    const Slot slot = slots_[i];
    const std::int64_t distance = std::int64_t{slot.at.offset} - at.offset;
    const bool hit = slot.at.base == at.base && distance > -kWord && distance < bytes;
    if (!hit) slots_[kept++] = slot;
  }
  slot_count_ = static_cast<std::uint8_t>(kept);
}

void FrameState::store(Value at, Value value) {
  if (at.base != Base::kCfa && at.base != Base::kAnchor) return;
  forget(at, kWord);
  const bool worth = value.base == Base::kCfa || value.base == Base::kCallerRbp;
  if (!worth || slot_count_ == kSlots) return;
  slots_[slot_count_++] = {at, value};
}

void FrameState::set(std::uint8_t number, Value value) {
  if (number == kRsp) {
    set_rsp(value);
  } else if (number != kNoRegister) {
    registers_[number] = value;
  }
}

// An unknown rsp becomes the new anchor: what is stored from now on is found from it; but a frame
// pointer keeps the anchor that it has (room of unknown size in an aligned frame). Slots below rsp
// are given up when it rises.
void FrameState::set_rsp(Value value) {
  Value& rsp = registers_[kRsp];
  const bool known = value.base == Base::kCfa || value.base == Base::kAnchor;
  if (!known && registers_[kRbp].base == Base::kAnchor) {
    rsp = {};
    return;
  }
  if (!known) {
    for (Value& reg : registers_) {
      if (reg.base == Base::kAnchor) reg = {};
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < slot_count_; ++i) {
      const Slot slot = slots_[i];
      if (slot.at.base != Base::kAnchor) slots_[kept++] = slot;
    }
    slot_count_ = static_cast<std::uint8_t>(kept);
    rsp = {Base::kAnchor, 0};
    return;
  }
  const bool rises = value.base != rsp.base || value.offset > rsp.offset;
  rsp = value;
  if (!rises) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < slot_count_; ++i) {
    const Slot slot = slots_[i];
    if (slot.at.base != value.base || slot.at.offset >= value.offset) slots_[kept++] = slot;
  }
  slot_count_ = static_cast<std::uint8_t>(kept);
}

void FrameState::push(Value value, std::int32_t bytes) {
  set_rsp(plus(registers_[kRsp], -bytes));
  if (bytes == kWord) {
    store(registers_[kRsp], value);
  } else {
    forget(registers_[kRsp], bytes);
  }
}

FrameState::Value FrameState::pop(std::int32_t bytes) {
  const Value value = bytes == kWord ? load(registers_[kRsp]) : Value{};
  set_rsp(plus(registers_[kRsp], bytes));
  return value;
}

bool FrameState::holds_only_rbp() const {
  const auto copies = std::ranges::count(registers_, Base::kCallerRbp, &Value::base);
  return registers_[kRbp].base == Base::kCallerRbp && copies == 1 &&
         slot_of(Base::kCallerRbp) == nullptr;
}

void FrameState::call() {
  for (std::uint8_t number = 0; number < kGeneralRegisters; ++number) {
    if ((kCallerSaved >> number & 1U) != 0) registers_[number] = {};
  }
}

void FrameState::apply_stack(const Instruction& instruction) {
  switch (instruction.action) {
    case Action::kPush: {
      const Value value = instruction.source != kNoRegister ? registers_[instruction.source]
                                                            : load(instruction.memory);
      push(value, instruction.stack_bytes);
      return;
    }
    case Action::kPop: {
      const Value value = pop(instruction.stack_bytes);
      // pop rsp, too: the value read wins over the addition.
      set(instruction.destination, value);
      if (instruction.writes_memory) store(address(instruction.memory), value);
      return;
    }
    case Action::kLeave:
      set_rsp(registers_[kRbp]);
      registers_[kRbp] = pop(kWord);
      return;
    default:  // kEnter
      push(registers_[kRbp], kWord);
      registers_[kRbp] = registers_[kRsp];
      set_rsp(plus(registers_[kRsp], -instruction.value));
      return;
  }
}

void FrameState::apply_other(const Instruction& instruction) {
  if (instruction.writes_memory) {
    const Value at = address(instruction.memory);
    if (at.base != Base::kUnknown) forget(at, instruction.written_bytes);
  }
  for (std::uint8_t number = 0; number < kGeneralRegisters; ++number) {
    if ((instruction.written >> number & 1U) != 0) set(number, {});
  }
}

void FrameState::apply(const Instruction& instruction) {
  if (instruction.flow == Flow::kCall) return call();
  switch (instruction.action) {
    case Action::kPush:
    case Action::kPop:
    case Action::kLeave:
    case Action::kEnter:
      return apply_stack(instruction);
    case Action::kAdd:
      return set(instruction.destination,
                 plus(registers_[instruction.destination], instruction.value));
    case Action::kLea:
      return set(instruction.destination, address(instruction.memory));
    case Action::kMove:
      return set(instruction.destination, registers_[instruction.source]);
    case Action::kLoad:
      return set(instruction.destination, load(instruction.memory));
    case Action::kStore:
      return store(address(instruction.memory), registers_[instruction.source]);
    case Action::kAlign:
    case Action::kClear:
      return set(instruction.destination, {});
    case Action::kOther:
      return apply_other(instruction);
  }
}

std::optional<FrameState> FrameState::from_rule(RowRule rule, std::int64_t below) {
  const sonde_row row = rule.at(0);
  if (SONDE_ROW_CFA_KIND(row) != SONDE_CFA_RSP) return std::nullopt;
  FrameState state;
  state.registers_[kRsp] = plus({Base::kCfa, 0}, -std::int64_t{row.cfa_param} * kWord - below);
  if (!state.knows_rsp() || state.registers_[kRsp].offset > -kWord) return std::nullopt;
  if (SONDE_ROW_RBP_KIND(row) == SONDE_RBP_CFA) {
    state.store({Base::kCfa, row.rbp_param * kWord}, {Base::kCallerRbp, 0});
  } else if (SONDE_ROW_RBP_KIND(row) == SONDE_RBP_SAME) {
    state.registers_[kRbp] = {Base::kCallerRbp, 0};
  }
  return state;
}

std::optional<std::int32_t> FrameState::rsp_from_anchor() const {
  if (registers_[kRsp].base != Base::kAnchor) return std::nullopt;
  return registers_[kRsp].offset;
}

bool FrameState::gives_cfa(const sonde_row& row) const {
  const auto is_cfa = [](Value value, std::int64_t words) {
    return plus(value, words * kWord) == Value{Base::kCfa, 0};
  };
  switch (SONDE_ROW_CFA_KIND(row)) {
    case SONDE_CFA_RSP:
      return is_cfa(registers_[kRsp], row.cfa_param);
    case SONDE_CFA_RBP:
      return is_cfa(registers_[kRbp], row.cfa_param);
    case SONDE_CFA_REGISTER: {
      const auto found =
          std::ranges::find(kDwarfNumbers, static_cast<std::uint8_t>(SONDE_ROW_CFA_AUX(row)));
      return is_cfa(registers_[static_cast<std::size_t>(found - kDwarfNumbers.begin())],
                    row.cfa_param);
    }
    case SONDE_CFA_DEREF_RSP:
    case SONDE_CFA_DEREF_RBP: {
      const bool by_rsp = SONDE_ROW_CFA_KIND(row) == SONDE_CFA_DEREF_RSP;
      const Value base = registers_[by_rsp ? kRsp : kRbp];
      return is_cfa(load(plus(base, std::int64_t{row.cfa_param >> 4} * kWord)), row.cfa_param & 15);
    }
    case SONDE_CFA_END:
      return ended_;
    default:
      return rule().rule == synthesised(RowRule::from(row));
  }
}

bool FrameState::gives_rbp(const sonde_row& row) const {
  Value base{Base::kCfa, 0};
  switch (SONDE_ROW_RBP_KIND(row)) {
    case SONDE_RBP_SAME:
      return registers_[kRbp].base == Base::kCallerRbp;
    case SONDE_RBP_AT_RBP:
      base = registers_[kRbp];
      break;
    case SONDE_RBP_AT_RSP:
      base = registers_[kRsp];
      break;
    default:
      break;
  }
  return load(plus(base, std::int64_t{row.rbp_param} * kWord)).base == Base::kCallerRbp;
}

bool FrameState::knows_rsp() const { return registers_[kRsp].base == Base::kCfa; }

bool FrameState::is_at_return() const { return registers_[kRsp] == Value{Base::kCfa, -kWord}; }

// CFA = rsp or rbp + constant. A frame pointer that points at the caller's is preferred: it holds
// through whatever happens to rsp.
std::optional<sonde_row> FrameState::simple_cfa() const {
  const Value rsp = registers_[kRsp];
  const Value rbp = registers_[kRbp];
  const bool by_rbp = rbp.base == Base::kCfa;
  const bool is_frame_pointer = by_rbp && load(rbp).base == Base::kCallerRbp;
  sonde_row row{};
  if (rsp.base == Base::kCfa && !is_frame_pointer && fits(rsp.offset)) {
    row.cfa = SONDE_CFA_RSP;
    row.cfa_param = as_words(-std::int64_t{rsp.offset});
    return row;
  }
  if (!by_rbp || !fits(rbp.offset)) return std::nullopt;
  row.cfa = SONDE_CFA_RBP;
  row.cfa_param = as_words(-std::int64_t{rbp.offset});
  return row;
}

// After an alignment of rsp: the CFA is in a stack slot, or only in a register.
std::optional<sonde_row> FrameState::indirect_cfa() const {
  sonde_row row{};
  for (std::size_t i = 0; i < slot_count_; ++i) {
    const Slot& slot = slots_[i];
    if (slot.value.base != Base::kCfa || slot.value.offset > 0 || slot.value.offset % kWord != 0 ||
        slot.value.offset < -15 * kWord || slot.at.base != Base::kAnchor) {
      continue;
    }
    for (const std::uint8_t number : {kRbp, kRsp}) {
      const Value reg = registers_[number];
      if (reg.base != Base::kAnchor) continue;
      const std::int64_t distance = std::int64_t{slot.at.offset} - reg.offset;
      if (distance % kWord != 0 || distance / kWord < -2048 || distance / kWord > 2047) continue;
      row.cfa = number == kRbp ? SONDE_CFA_DEREF_RBP : SONDE_CFA_DEREF_RSP;
      row.cfa_param = static_cast<std::int16_t>(distance / kWord * 16 - slot.value.offset / kWord);
      return row;
    }
  }
  for (std::uint8_t number = 0; number < kGeneralRegisters; ++number) {
    const Value reg = registers_[number];
    if (reg.base != Base::kCfa || !fits(reg.offset)) continue;
    row.cfa = static_cast<std::uint8_t>(SONDE_CFA_REGISTER | kDwarfNumbers[number] << 4U);
    row.cfa_param = as_words(-std::int64_t{reg.offset});
    return row;
  }
  return std::nullopt;
}

bool FrameState::add_rbp(sonde_row& row) const {
  const Slot* slot = slot_of(Base::kCallerRbp);
  if (slot == nullptr) return registers_[kRbp].base == Base::kCallerRbp;
  std::int64_t distance = slot->at.offset;
  std::uint8_t kind = SONDE_RBP_CFA;
  if (slot->at.base == Base::kAnchor) {
    const bool by_rbp = registers_[kRbp].base == Base::kAnchor;
    if (!by_rbp && registers_[kRsp].base != Base::kAnchor) return false;
    kind = by_rbp ? SONDE_RBP_AT_RBP : SONDE_RBP_AT_RSP;
    distance -= registers_[by_rbp ? kRbp : kRsp].offset;
  }
  if (!fits(distance)) return false;
  row.flags = kind;
  row.rbp_param = as_words(distance);
  return true;
}

// A frame of more than 256 KiB, in the form that the rows of unwind tables have for it.
std::optional<RowRule> FrameState::far_rule() const {
  const Value rsp = registers_[kRsp];
  if (rsp.base != Base::kCfa) return std::nullopt;
  RuleState state;
  state.cfa = {.reg = kDwarfRsp, .offset = -std::int64_t{rsp.offset}};
  state.return_address = {RegisterRule::Kind::kOffset, -kWord};
  if (const Slot* slot = slot_of(Base::kCallerRbp)) {
    if (slot->at.base != Base::kCfa) return std::nullopt;
    state.rbp = {RegisterRule::Kind::kOffset, slot->at.offset};
  } else if (registers_[kRbp].base != Base::kCallerRbp) {
    return std::nullopt;
  }
  const PackedState packed = pack(state, false);
  if (packed.unsupported) return std::nullopt;
  return packed.rule;
}

FrameRule FrameState::rule() const {
  if (ended_) return {synthesised(simple_rule(SONDE_CFA_END))};
  auto row = simple_cfa();
  if (!row) {
    if (const auto far = far_rule()) return {synthesised(*far)};
  }
  if (!row) row = indirect_cfa();
  if (!row) return {RowRule{}, RowClass::kSynthCfa};
  FrameRule out;
  if (!add_rbp(*row)) out.unknown = RowClass::kSynthRbp;
  out.rule = synthesised(RowRule::from(*row));
  return out;
}

}  // namespace sonde
