// SPDX-License-Identifier: Apache-2.0
// One x86-64 instruction, reduced to what it does to the stack, to the registers that may hold
// stack addresses, and to the flow of control.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "symbolizer/worker/elf/byte_reader.h"

namespace sonde {

// General registers by their number in machine code.
inline constexpr std::uint8_t kRax = 0;
inline constexpr std::uint8_t kRsp = 4;
inline constexpr std::uint8_t kRbp = 5;
inline constexpr std::uint8_t kNoRegister = 0xff;
inline constexpr std::size_t kGeneralRegisters = 16;

// Where control goes behind an instruction.
enum class Flow : std::uint8_t {
  kNext,
  kCall,          // a subroutine that comes back
  kBranch,        // to `target` or on
  kJump,          // to `target`
  kIndirectJump,  // to a place that the code does not state
  kReturn,
  kTrap,  // never goes on: ud2, hlt, int3
};

// What an instruction does, as far as stack addresses are concerned.
enum class Action : std::uint8_t {
  kOther,  // only `written` and `memory` matter
  kPush,   // `source`, or anything
  kPop,    // into `destination`, or anything
  kAdd,    // destination += value
  kLea,    // destination = memory.base + memory.offset
  kMove,   // destination = source
  kLoad,   // destination = [memory]
  kStore,  // [memory] = source
  kAlign,  // destination &= value
  kClear,  // destination = 0
  kLeave,
  kEnter,  // with `value` bytes of locals
};

struct MemoryOperand {
  std::uint8_t base = kNoRegister;  // kNoRegister: not a plain base + offset
  std::int32_t offset = 0;
};

struct Instruction {
  std::uint8_t length = 0;
  Flow flow = Flow::kNext;
  Action action = Action::kOther;
  std::uint8_t destination = kNoRegister;
  std::uint8_t source = kNoRegister;
  bool is_padding = false;          // nops and int3: what assemblers put between functions
  bool is_odd = false;              // no compiler emits it for a program: a sign of data
  bool writes_memory = false;       // at `memory`; the bytes of it may be tracked
  std::uint16_t written_bytes = 0;  // of memory
  std::uint16_t written = 0;        // bit n: general register n is changed, in part or whole
  std::uint16_t stack_bytes = 8;  // a push or pop moves rsp by this much; a return drops this many
  MemoryOperand memory;
  std::int64_t value = 0;
  std::int64_t target = 0;  // of a direct jump, branch or call, from the instruction's first byte
  bool is_direct = false;   // `target` is set
};

class InstructionDecoder {
 public:
  InstructionDecoder();
  ~InstructionDecoder();
  InstructionDecoder(InstructionDecoder&&) noexcept;
  InstructionDecoder& operator=(InstructionDecoder&&) noexcept;

  // The instruction at the start of `code`. False: no instruction, or a cut one.
  // cost: about 100 ns.
  bool decode(ByteSpan code, Instruction& out) const;

  // Only length, flow, target, is_padding and is_odd. cost: about 30 ns.
  bool scan(ByteSpan code, Instruction& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
