// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/synth/instruction.h"

#include <Zydis/Zydis.h>

#include <array>
#include <limits>
#include <span>

namespace sonde {
namespace {

using Operands = std::span<const ZydisDecodedOperand>;

// The number of the 64-bit register that `reg` is a part of.
std::uint8_t general(ZydisRegister reg) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
  if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64) return kNoRegister;
  return static_cast<std::uint8_t>(ZydisRegisterGetId(whole));
}

bool is_register(const ZydisDecodedOperand& operand, ZyanU16 bits) {
  return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.size == bits &&
         general(operand.reg.value) != kNoRegister;
}

bool is_memory(const ZydisDecodedOperand& operand) {
  return operand.type == ZYDIS_OPERAND_TYPE_MEMORY;
}

bool is_immediate(const ZydisDecodedOperand& operand) {
  return operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

MemoryOperand memory_of(const ZydisDecodedOperand& operand) {
  const auto& mem = operand.mem;
  const bool plain_segment = mem.segment == ZYDIS_REGISTER_DS || mem.segment == ZYDIS_REGISTER_SS;
  if (!plain_segment || mem.index != ZYDIS_REGISTER_NONE ||
      ZydisRegisterGetClass(mem.base) != ZYDIS_REGCLASS_GPR64) {
    return {};
  }
  return {static_cast<std::uint8_t>(ZydisRegisterGetId(mem.base)),
          static_cast<std::int32_t>(mem.disp.value)};
}

// Everything that is written, hidden operands included (rax of mul, rsp of push).
void note_writes(Operands operands, Instruction& out) {
  for (const ZydisDecodedOperand& operand : operands) {
    if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0) continue;
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
      const std::uint8_t number = general(operand.reg.value);
      if (number != kNoRegister) out.written |= static_cast<std::uint16_t>(1U << number);
    } else if (is_memory(operand) && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM) {
      out.writes_memory = true;
      out.written_bytes = static_cast<std::uint16_t>((operand.size + 7) / 8);
      out.memory = memory_of(operand);
    }
  }
}

Flow flow_of(const ZydisDecodedInstruction& raw) {
  switch (raw.mnemonic) {
    case ZYDIS_MNEMONIC_CALL:
      return Flow::kCall;
    case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_SYSRET:
      return Flow::kReturn;
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_INT3:
      return Flow::kTrap;
    case ZYDIS_MNEMONIC_JMP:
      return Flow::kJump;
    default:
      // Minimal decoding has no categories, but every branch is relative.
      return (raw.attributes & ZYDIS_ATTRIB_IS_RELATIVE) != 0 && raw.raw.imm[0].is_relative
                 ? Flow::kBranch
                 : Flow::kNext;
  }
}

// Privileged, or left over from other times.
bool is_odd(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSD:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_CLI:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_XLAT:
    case ZYDIS_MNEMONIC_FBLD:
    case ZYDIS_MNEMONIC_FBSTP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE:
      return true;
    default:
      return false;
  }
}

// Length and flow: all that minimal decoding tells.
void read_flow(const ZydisDecodedInstruction& raw, Instruction& out) {
  out.length = raw.length;
  out.flow = flow_of(raw);
  out.is_padding = raw.mnemonic == ZYDIS_MNEMONIC_NOP || raw.mnemonic == ZYDIS_MNEMONIC_INT3;
  out.is_odd = is_odd(raw.mnemonic);
  out.is_direct = raw.raw.imm[0].is_relative != 0;
  if (out.is_direct) out.target = raw.raw.imm[0].value.s + raw.length;
  if (out.flow == Flow::kJump && !out.is_direct) out.flow = Flow::kIndirectJump;
  if (out.flow == Flow::kReturn) {
    out.stack_bytes = static_cast<std::uint16_t>(
        8 + (raw.raw.imm[0].size == 16 ? raw.raw.imm[0].value.u & 0xffffU : 0U));
  }
}

void read_push_pop(const ZydisDecodedInstruction& raw, Operands operands, Instruction& out) {
  const bool push = raw.mnemonic == ZYDIS_MNEMONIC_PUSH || raw.mnemonic == ZYDIS_MNEMONIC_PUSHF ||
                    raw.mnemonic == ZYDIS_MNEMONIC_PUSHFQ;
  out.action = push ? Action::kPush : Action::kPop;
  out.stack_bytes = raw.operand_width == 16 ? 2 : 8;
  out.writes_memory = false;  // the slot itself is what the action is about
  out.memory = {};
  if (operands.empty() || raw.operand_width == 16) return;
  if (is_register(operands[0], 64)) {
    (push ? out.source : out.destination) = general(operands[0].reg.value);
  } else if (is_memory(operands[0]) && raw.operand_count_visible > 0) {
    out.memory = memory_of(operands[0]);
    out.writes_memory = !push;
  }
}

void read_move(const ZydisDecodedOperand& to, const ZydisDecodedOperand& from, Instruction& out) {
  if (is_register(to, 64) && is_register(from, 64)) {
    out.action = Action::kMove;
    out.destination = general(to.reg.value);
    out.source = general(from.reg.value);
  } else if (is_register(to, 64) && is_memory(from)) {
    out.action = Action::kLoad;
    out.destination = general(to.reg.value);
    out.memory = memory_of(from);
  } else if (is_memory(to) && is_register(from, 64)) {
    out.action = Action::kStore;
    out.source = general(from.reg.value);
  } else if (to.type == ZYDIS_OPERAND_TYPE_REGISTER && is_immediate(from) &&
             from.imm.value.u == 0) {
    out.action = Action::kClear;
    out.destination = general(to.reg.value);
  }
}

void read_arithmetic(const ZydisDecodedInstruction& raw, const ZydisDecodedOperand& to,
                     const ZydisDecodedOperand& from, Instruction& out) {
  const bool same = to.type == ZYDIS_OPERAND_TYPE_REGISTER &&
                    from.type == ZYDIS_OPERAND_TYPE_REGISTER && to.reg.value == from.reg.value;
  const bool clears = raw.mnemonic == ZYDIS_MNEMONIC_XOR || raw.mnemonic == ZYDIS_MNEMONIC_SUB;
  if (same && clears && to.size >= 32 && general(to.reg.value) != kNoRegister) {
    out.action = Action::kClear;
    out.destination = general(to.reg.value);
    return;
  }
  if (!is_register(to, 64) || !is_immediate(from) || raw.mnemonic == ZYDIS_MNEMONIC_XOR) return;
  out.destination = general(to.reg.value);
  out.value = from.imm.value.s;
  out.action = raw.mnemonic == ZYDIS_MNEMONIC_AND ? Action::kAlign : Action::kAdd;
  if (raw.mnemonic == ZYDIS_MNEMONIC_SUB) {
    // The least value has no opposite; as an immediate it is at most 32 bits wide.
    out.value = -out.value;
  }
}

void read_action(const ZydisDecodedInstruction& raw, Operands operands, Instruction& out) {
  switch (raw.mnemonic) {
    case ZYDIS_MNEMONIC_PUSH:
    case ZYDIS_MNEMONIC_POP:
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFQ:
      return read_push_pop(raw, operands, out);
    case ZYDIS_MNEMONIC_MOV:
      return read_move(operands[0], operands[1], out);
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_AND:
      return read_arithmetic(raw, operands[0], operands[1], out);
    case ZYDIS_MNEMONIC_LEA:
      if (!is_register(operands[0], 64)) return;
      out.action = Action::kLea;
      out.destination = general(operands[0].reg.value);
      out.memory = memory_of(operands[1]);
      return;
    case ZYDIS_MNEMONIC_LEAVE:
      out.action = Action::kLeave;
      return;
    case ZYDIS_MNEMONIC_ENTER:
      if (operands[1].imm.value.u != 0) return;  // nested levels: rsp becomes unknown
      out.action = Action::kEnter;
      out.value = static_cast<std::int64_t>(operands[0].imm.value.u);
      return;
    default:
      return;
  }
}

}  // namespace

struct InstructionDecoder::Impl {
  ZydisDecoder full;
  ZydisDecoder minimal;
};

InstructionDecoder::InstructionDecoder() : impl_(std::make_unique<Impl>()) {
  // These cannot fail for a known machine mode.
  ZydisDecoderInit(&impl_->full, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecoderInit(&impl_->minimal, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisDecoderEnableMode(&impl_->minimal, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
}
InstructionDecoder::~InstructionDecoder() = default;
InstructionDecoder::InstructionDecoder(InstructionDecoder&&) noexcept = default;
InstructionDecoder& InstructionDecoder::operator=(InstructionDecoder&&) noexcept = default;

bool InstructionDecoder::scan(ByteSpan code, Instruction& out) const {
  ZydisDecodedInstruction raw;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&impl_->minimal, nullptr, code.data(),
                                                  code.size(), &raw))) {
    return false;
  }
  out = Instruction{};
  read_flow(raw, out);
  return true;
}

bool InstructionDecoder::decode(ByteSpan code, Instruction& out) const {
  ZydisDecoderContext context;
  ZydisDecodedInstruction raw;
  if (!ZYAN_SUCCESS(
          ZydisDecoderDecodeInstruction(&impl_->full, &context, code.data(), code.size(), &raw))) {
    return false;
  }
  out = Instruction{};
  read_flow(raw, out);
  if (out.is_padding) return true;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&impl_->full, &context, &raw, operands.data(),
                                               raw.operand_count))) {
    return false;
  }
  const Operands all(operands.data(), raw.operand_count);
  if (out.flow == Flow::kNext) {
    note_writes(all, out);
    read_action(raw, all, out);
  }
  return true;
}

}  // namespace sonde
