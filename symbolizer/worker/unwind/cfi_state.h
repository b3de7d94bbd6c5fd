// SPDX-License-Identifier: Apache-2.0
// The state a call frame program works on, reduced to the three things an unwinder needs: the
// CFA, the caller's rbp and the return address.
#pragma once

#include <cstdint>

#include "symbolizer/worker/elf/byte_reader.h"

namespace sonde {

inline constexpr std::uint64_t kDwarfRdi = 5;
inline constexpr std::uint64_t kDwarfRbp = 6;
inline constexpr std::uint64_t kDwarfRsp = 7;
inline constexpr std::uint64_t kDwarfReturnAddress = 16;

struct RegisterRule {
  enum class Kind : std::uint8_t {
    kUnspecified,  // no instruction named it: rbp is unchanged, the return address is at CFA-8
    kSame,
    kUndefined,
    kOffset,           // saved at CFA + value
    kValueOffset,      // is CFA + value
    kExpression,       // saved at what the expression yields
    kValueExpression,  // is what the expression yields
    kRegister,         // in register `value`
  };
  Kind kind = Kind::kUnspecified;
  std::int64_t value = 0;
  ByteSpan expression{};
};

struct CfaRule {
  bool is_expression = false;
  std::uint64_t reg = kDwarfRsp;  // DWARF number
  std::int64_t offset = 0;
  ByteSpan expression{};
};

struct RuleState {
  CfaRule cfa;
  RegisterRule rbp;
  RegisterRule return_address;
};

// What a CIE says about how to read instructions.
struct CfiProgram {
  std::uint64_t code_align = 1;
  std::int64_t data_align = 1;
  std::uint64_t return_register = kDwarfReturnAddress;
  std::uint8_t pointer_encoding = 0;  // for DW_CFA_set_loc
  std::uint64_t section_vaddr = 0;
  const std::uint8_t* section_begin = nullptr;
};

}  // namespace sonde
