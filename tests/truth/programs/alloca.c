// SPDX-License-Identifier: Apache-2.0
// Frames of unusual size: alloca, a variable-length array, 120 KiB of locals, 300 KiB of locals.
#include "truth.h"

#include <alloca.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main with_alloca with_vla big_frame alloca_leaf\","
    "\"[start] main huge_frame huge_leaf\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void alloca_leaf(void) { truth_burn_registers(1000000); }
TRUTH_FN void huge_leaf(void) { truth_burn(1000000); }

TRUTH_FN void big_frame(void) {
  char memory[120 * 1024];
  char* first = memory;
  TRUTH_OPAQUE(first);
  alloca_leaf();
  __asm__ volatile("" ::"r"(first) : "memory");
}

TRUTH_FN void huge_frame(void) {
  char memory[300 * 1024];
  char* first = memory;
  TRUTH_OPAQUE(first);
  huge_leaf();
  __asm__ volatile("" ::"r"(first) : "memory");
}

TRUTH_FN void with_vla(unsigned size) {
  char memory[size];
  char* first = memory;
  TRUTH_OPAQUE(first);
  big_frame();
  __asm__ volatile("" ::"r"(first) : "memory");
}

TRUTH_FN void with_alloca(unsigned size) {
  for (unsigned i = 0; i < 3; ++i) {
    char* memory = (char*)alloca(size + 16 * i);
    TRUTH_OPAQUE(memory);
    with_vla(size / 2);
    __asm__ volatile("" ::"r"(memory) : "memory");
  }
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  unsigned turn = 0;
  while (truth_now() < end) {
    with_alloca(100 + (turn++ % 7) * 333);
    huge_frame();
    huge_frame();
  }
  return 0;
}
