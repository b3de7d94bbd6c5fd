// SPDX-License-Identifier: Apache-2.0
// A library for dynamic.c. SUFFIX names its functions; PADDING shifts them, so that the same
// address means something else in each library.
#include "truth.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

#if PADDING > 0
__attribute__((used)) TRUTH_FN void JOIN(padding, SUFFIX)(void) {
  char memory[PADDING];
  char* first = memory;
  TRUTH_OPAQUE(first);
  __asm__ volatile(".skip %c0, 0x90" ::"i"(PADDING));
}
#endif

static TRUTH_FN void JOIN(leaf, SUFFIX)(uint64_t turns) { truth_burn_registers(turns); }

static TRUTH_FN void JOIN(middle, SUFFIX)(uint64_t turns) {
  char memory[64 + PADDING];
  char* first = memory;
  TRUTH_OPAQUE(first);
  JOIN(leaf, SUFFIX)(turns);
  __asm__ volatile("" ::"r"(first) : "memory");
}

__attribute__((visibility("default"))) TRUTH_FN void JOIN(entry, SUFFIX)(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  JOIN(middle, SUFFIX)(turns);
  TRUTH_LIVE_END();
}
