// SPDX-License-Identifier: Apache-2.0
// What is known about the stack frame before one instruction: which registers and stack slots hold
// addresses relative to the CFA, and where the caller's rbp is. A small abstract interpreter.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/synth/instruction.h"
#include "symbolizer/worker/unwind/row_rule.h"

namespace sonde {

// The same rule, marked as made by decoding code.
inline RowRule synthesised(RowRule rule) {
  sonde_row row = rule.at(0);
  row.flags |= SONDE_ROW_SYNTHESISED;
  return RowRule::from(row);
}

// The rule of a state, or why it has none.
struct FrameRule {
  RowRule rule;  // none where `unknown` is set
  // kSynthCfa: there is no rule. kSynthRbp: the caller's rbp is lost and the rule says unchanged,
  // which is right where only functions that saved it call this one.
  std::optional<RowClass> unknown{};
};

class FrameState {
 public:
  // At the first instruction of a function: the return address is at rsp.
  // pushed: words that lie above it (a linkage table's common part is jumped to with one).
  static FrameState at_entry(std::int32_t pushed = 0);
  // In the middle of code that nothing is known about.
  static FrameState unknown();

  // Moves over one instruction. Calls are taken to come back with callee-saved registers intact.
  void apply(const Instruction& instruction);

  [[nodiscard]] FrameRule rule() const;
  // True: rsp is known, and a return or a jump to another function is right here.
  [[nodiscard]] bool is_at_return() const;
  // The same about rsp being known at all.
  [[nodiscard]] bool knows_rsp() const;
  // The outermost frame of a stack: nothing above it.
  void end() { ended_ = true; }
  // The rule found by other means, at a place where rsp is `below` bytes lower. False if it is not
  // relative to rsp.
  static std::optional<FrameState> from_rule(RowRule rule, std::int64_t below);
  // Where rsp is from where it became unknown.
  [[nodiscard]] std::optional<std::int32_t> rsp_from_anchor() const;
  // Whether the caller's rbp is here and nowhere else.
  [[nodiscard]] bool holds_only_rbp() const;
  // Whether another rule gives what this state knows: of the CFA, of the caller's rbp.
  [[nodiscard]] bool gives_cfa(const sonde_row& row) const;
  [[nodiscard]] bool gives_rbp(const sonde_row& row) const;

  bool operator==(const FrameState&) const = default;

 private:
  enum class Base : std::uint8_t {
    kUnknown,
    kCfa,        // the CFA + offset
    kAnchor,     // where rsp was when it last became unknown + offset
    kCallerRbp,  // the caller's rbp; offset 0
  };
  struct Value {
    Base base = Base::kUnknown;
    std::int32_t offset = 0;
    bool operator==(const Value&) const = default;
  };
  // Eight bytes of the stack with a value worth knowing.
  struct Slot {
    Value at;  // kCfa or kAnchor
    Value value;
    bool operator==(const Slot&) const = default;
  };
  static constexpr std::size_t kSlots = 12;

  [[nodiscard]] static Value plus(Value value, std::int64_t bytes);
  [[nodiscard]] Value load(const MemoryOperand& memory) const;
  [[nodiscard]] Value load(Value at) const;
  [[nodiscard]] Value address(const MemoryOperand& memory) const;
  [[nodiscard]] const Slot* slot_of(Base value_base) const;
  [[nodiscard]] std::optional<sonde_row> simple_cfa() const;
  [[nodiscard]] std::optional<sonde_row> indirect_cfa() const;
  [[nodiscard]] bool add_rbp(sonde_row& row) const;
  [[nodiscard]] std::optional<RowRule> far_rule() const;
  void store(Value at, Value value);
  void forget(Value at, std::int32_t bytes);
  void set(std::uint8_t number, Value value);
  void set_rsp(Value value);
  void push(Value value, std::int32_t bytes);
  Value pop(std::int32_t bytes);
  void call();
  void apply_stack(const Instruction& instruction);
  void apply_other(const Instruction& instruction);

  std::array<Value, kGeneralRegisters> registers_{};
  std::array<Slot, kSlots> slots_{};
  std::uint8_t slot_count_ = 0;
  bool ended_ = false;
};

}  // namespace sonde
