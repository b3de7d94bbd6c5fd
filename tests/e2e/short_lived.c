// SPDX-License-Identifier: Apache-2.0
// Lives for about as many million turns as its argument says: without one, some 10 ms.
#include <stdint.h>
#include <stdlib.h>

__attribute__((noipa)) static uint64_t leaf_work(uint64_t turns) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < turns; ++i) __asm__ volatile("imul %1, %0" : "+r"(sum) : "r"(i));
  return sum;
}

__attribute__((noipa)) static uint64_t middle_call(uint64_t turns) {
  const uint64_t sum = leaf_work(turns);
  __asm__ volatile("" ::"r"(sum) : "memory");  // not a tail call
  return sum + 1;
}

int main(int argc, char** argv) {
  const uint64_t millions = argc > 1 ? strtoull(argv[1], NULL, 10) : 8;
  return middle_call(millions * 1000000) == 7 ? 1 : 0;
}
