// SPDX-License-Identifier: Apache-2.0
// Frames that realign their stack: the CFA is found through a saved copy of the incoming stack
// pointer (GCC's DRAP register, DW_CFA_def_cfa_expression) or through RBP.
#include "truth.h"

#include <alloca.h>
#include <stdarg.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main drap_alloca drap_stack_arguments realigned_locals forced_realign drap_leaf\","
    "\"?[start] main drap_alloca drap_small\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void drap_leaf(void) { truth_burn_registers(500000); }
TRUTH_FN uint64_t drap_small(uint64_t x) { return x + 1; }

__attribute__((force_align_arg_pointer)) TRUTH_FN void forced_realign(void) {
  TRUTH_LIVE_BEGIN(1);
  drap_leaf();
  TRUTH_LIVE_END();
}

TRUTH_FN void realigned_locals(uint64_t seed) {
  uint64_t values[8] __attribute__((aligned(64)));
  values[seed & 7] = seed;
  uint64_t* first = values;
  TRUTH_OPAQUE(first);
  forced_realign();
  __asm__ volatile("" ::"r"(first) : "memory");
}

// Arguments on the stack are read after the realignment: they need the old stack pointer.
TRUTH_FN uint64_t drap_stack_arguments(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                       uint64_t f, uint64_t on_stack, ...) {
  uint64_t values[16] __attribute__((aligned(128)));
  va_list more;
  va_start(more, on_stack);
  values[a & 15] = va_arg(more, uint64_t) + on_stack;
  va_end(more);
  uint64_t* first = values;
  TRUTH_OPAQUE(first);
  realigned_locals(b + c + d + e + f);
  __asm__ volatile("" ::"r"(first) : "memory");
  return values[3] + on_stack;
}

TRUTH_FN uint64_t drap_alloca(unsigned size) {
  uint64_t values[8] __attribute__((aligned(32)));
  char* memory = (char*)alloca(size);
  uint64_t* first = values;
  TRUTH_OPAQUE(first);
  TRUTH_OPAQUE(memory);
  for (unsigned i = 0; i < 20000; ++i) first[i & 7] = drap_small(first[0]);
  const uint64_t result = drap_stack_arguments(1, 2, 3, 4, 5, 6, 7, (uint64_t)8);
  __asm__ volatile("" ::"r"(first), "r"(memory) : "memory");
  return result;
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) drap_alloca(100);
  return 0;
}
