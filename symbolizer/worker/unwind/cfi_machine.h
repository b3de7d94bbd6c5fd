// SPDX-License-Identifier: Apache-2.0
// Runs call frame programs. Every DW_CFA operation of DWARF 2-5 and the GNU ones is understood;
// what an operation says about registers other than rbp and the return address is skipped.
#pragma once

#include <array>
#include <cstdint>

#include "symbolizer/worker/unwind/cfi_state.h"

namespace sonde {

// Runs the instructions of a CIE. False if one of them is unknown or cut.
bool run_initial_instructions(const CfiProgram& program, ByteSpan instructions, RuleState& state);

// Steps through the program of one FDE: each step() ends where the location advances.
class CfiMachine {
 public:
  enum class Step : std::uint8_t {
    kAdvanced,  // state() was in force from the previous location() to the new one
    kEnd,       // state() is in force to the end of the function
    kBroken,    // unknown or cut instruction: nothing is known from location() on
  };

  static constexpr std::size_t kMaxRemembered = 64;  // compilers nest 1 to 3 deep
  // Memory for DW_CFA_remember_state, reused from machine to machine.
  using StateStack = std::array<RuleState, kMaxRemembered>;

  // vaddr: of the function's first byte; location() starts at 0 = that byte.
  CfiMachine(const CfiProgram& program, const RuleState& initial, ByteSpan instructions,
             std::uint64_t vaddr, StateStack& stack)
      : program_(program),
        initial_(initial),
        stack_(stack),
        state_(initial),
        reader_(instructions),
        vaddr_(vaddr) {}

  Step step();
  [[nodiscard]] const RuleState& state() const { return state_; }
  // Bytes from the start of the function; never goes back.
  [[nodiscard]] std::uint64_t location() const { return location_; }
  // True if an instruction since the last clear touched the state.
  [[nodiscard]] bool changed() const { return changed_; }
  void clear_changed() { changed_ = false; }

 private:
  enum class Outcome : std::uint8_t { kDone, kAdvanced, kUnknown };
  Outcome extended(std::uint8_t opcode);
  Outcome advance(std::uint64_t delta);
  Outcome set_location();
  Outcome define_cfa(std::uint8_t opcode);
  Outcome define_register(std::uint8_t opcode);
  Outcome remember();
  Outcome restore_state();
  void restore(std::uint64_t reg);
  void set(std::uint64_t reg, RegisterRule::Kind kind, std::int64_t value,
           ByteSpan expression = {});

  const CfiProgram& program_;
  const RuleState& initial_;
  StateStack& stack_;
  RuleState state_;
  ByteReader reader_;
  std::uint64_t vaddr_;
  std::uint64_t location_ = 0;
  std::size_t remembered_ = 0;
  bool changed_ = true;
};

}  // namespace sonde
