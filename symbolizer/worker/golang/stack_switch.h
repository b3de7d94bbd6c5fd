// SPDX-License-Identifier: Apache-2.0
// The few functions of the Go runtime that move to another stack, end one or return from a signal:
// how a stack walk leaves them. By name, and by their machine code where versions differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "symbolizer/worker/synth/instruction.h"
#include "symbolizer/worker/unwind/row_builder.h"

namespace sonde {

enum class GoSpecial : std::uint8_t {
  kNone,
  kRoot,          // nothing called it: goexit, mstart, the program's entry, gogo
  kLeave,         // mcall: has left the goroutine for good
  kReturnedTo,    // systemstack_switch: kept as a return address, and never called
  kSignalReturn,  // the kernel's signal frame lies here
  kSystemStack,   // systemstack: runs a function on the thread's stack
  kMoreStack,     // morestack: grows the goroutine's stack from the thread's
  kCallC,         // asmcgocall: runs C on the thread's stack, or where it is
  kCallVdso,      // aligns the stack, on the thread's or where it is, and calls the vdso
};

// Of a name in the function table.
GoSpecial go_special(std::string_view name);

// Where the runtime keeps the goroutine that a thread works for (src/runtime/runtime2.go).
struct GoSwitch {
  std::int16_t tls_words = 0;   // of the running g, from the thread pointer
  std::int16_t curg_words = 0;  // of the user's g, in m
  [[nodiscard]] bool is_known() const { return tls_words != 0 && curg_words != 0; }
};

// From the code of systemstack, which reads both.
GoSwitch read_go_switch(ByteSpan systemstack);

// The rules of a special function's code while it is on another stack; outside it its stack deltas
// hold. In pairs: a rule, and an empty one where it ends. SONDE_CFA_UNSUPPORTED: a stack switch
// whose layout is not known.
//
// begin  file offset of `code`.
std::vector<PlacedRule> switched_rules(GoSpecial special, std::uint64_t begin, ByteSpan code,
                                       const GoSwitch& layout, const InstructionDecoder& decoder);

}  // namespace sonde
