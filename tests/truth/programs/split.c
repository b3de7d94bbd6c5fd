// SPDX-License-Identifier: Apache-2.0
// Spends 60, 30 and 10 % of its CPU time in three functions, or what SPLIT_SHARES says, steered by
// its own thread clock, and prints at the end how much each of them really took, in nanoseconds.
#include "truth.h"

#ifndef SPLIT_SHARES
#define SPLIT_SHARES 60, 30, 10
#endif

static const char kTruth[] =
    "{\"chains\": [\"[start] main spend_60\", \"[start] main spend_30\", \"[start] main spend_10\","
    "\"?[start] main cpu_now [libc*] [vdso*]\"," TRUTH_CLOCK_CHAIN "]}";

static TRUTH_FN uint64_t cpu_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

TRUTH_FN void spend_60(uint64_t turns) { truth_burn_registers(turns); }
TRUTH_FN void spend_30(uint64_t turns) { truth_burn(turns); }
TRUTH_FN void spend_10(uint64_t turns) { truth_burn_registers(turns); }

int main(int argc, char** argv) {
  static void (*const kSpend[3])(uint64_t) = {spend_60, spend_30, spend_10};
  static const uint64_t kShare[3] = {SPLIT_SHARES};
  uint64_t spent[3] = {0, 0, 0};
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    // The function that is furthest behind its share goes next.
    unsigned next = 0;
    for (unsigned i = 1; i < 3; ++i) {
      if (spent[i] * kShare[next] < spent[next] * kShare[i]) next = i;
    }
    const uint64_t before = cpu_now();
    kSpend[next](2000000);
    spent[next] += cpu_now() - before;
  }
  printf("{\"spend_60\": %llu, \"spend_30\": %llu, \"spend_10\": %llu}\n",
         (unsigned long long)spent[0], (unsigned long long)spent[1], (unsigned long long)spent[2]);
  return 0;
}
