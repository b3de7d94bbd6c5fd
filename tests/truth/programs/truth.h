// SPDX-License-Identifier: Apache-2.0
// What the C and C++ truth programs share. A truth program knows the stacks it can be seen in:
// `PROGRAM --truth` prints them as JSON, `PROGRAM SECONDS` runs it. The chain syntax is described
// in tests/truth/chains.py. Every function of a chain is a real call that cannot be inlined,
// cloned or turned into a jump.
#ifndef TRUTH_H
#define TRUTH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __clang__
#define TRUTH_FN __attribute__((noinline))
#else
#define TRUTH_FN __attribute__((noipa))
#endif
#define TRUTH_INLINE static inline __attribute__((always_inline))

// After a call: the call is not the last thing its function does, so it cannot become a jump.
#define TRUTH_NOT_A_TAIL_CALL() __asm__ volatile("" ::: "memory")

// The compiler must assume that `value` changes here.
#define TRUTH_OPAQUE(value) __asm__ volatile("" : "+r"(value))

// Chains that every program has: its own clock reads.
#define TRUTH_CLOCK_CHAIN "\"?[start] main truth_now [libc*] [vdso*]\""

// Burns about a nanosecond per turn in three registers.
TRUTH_INLINE void truth_burn(uint64_t turns) {
  uint64_t x = 0x9e3779b97f4a7c15u ^ turns;
  for (; turns != 0; --turns) {
    x ^= x << 13;
    x ^= x >> 7;
    TRUTH_OPAQUE(x);
  }
}

// Burns with twelve live registers: without a frame pointer, RBP is one of them.
TRUTH_INLINE void truth_burn_registers(uint64_t turns) {
  uint64_t a = turns, b = 1, c = 2, d = 3, e = 4, f = 5, g = 6, h = 7, i = 8, j = 9, k = 10;
  for (; turns != 0; --turns) {
    a += b, b ^= c, c += d, d ^= e, e += f, f ^= g, g += h, h ^= i, i += j, j ^= k, k += a;
    __asm__ volatile(""
                     : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h),
                       "+r"(i), "+r"(j), "+r"(k));
  }
}

// Six values that must survive the calls in between: they take the callee-saved registers.
#define TRUTH_LIVE_BEGIN(seed)                                                             \
  uint64_t live_a = (seed) + 1, live_b = (seed) + 2, live_c = (seed) + 3;                  \
  uint64_t live_d = (seed) + 4, live_e = (seed) + 5, live_f = (seed) + 6;                  \
  __asm__ volatile(""                                                                      \
                   : "+r"(live_a), "+r"(live_b), "+r"(live_c), "+r"(live_d), "+r"(live_e), \
                     "+r"(live_f))
#define TRUTH_LIVE_END()                                                                 \
  __asm__ volatile("" ::"r"(live_a), "r"(live_b), "r"(live_c), "r"(live_d), "r"(live_e), \
                   "r"(live_f)                                                           \
                   : "memory")

// CLOCK_MONOTONIC in nanoseconds.
static TRUTH_FN uint64_t truth_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Answers `--truth`, else returns the CLOCK_MONOTONIC time at which the program ends.
static uint64_t truth_begin(int argc, char** argv, const char* truth) {
  if (argc > 1 && strcmp(argv[1], "--truth") == 0) {
    puts(truth);
    exit(0);
  }
  const double seconds = argc > 1 ? atof(argv[1]) : 1.0;
  return truth_now() + (uint64_t)(seconds * 1e9);
}

#endif
