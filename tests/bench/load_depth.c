// SPDX-License-Identifier: Apache-2.0
// Spins in user mode at a fixed depth of calls: `load_depth FRAMES SECONDS`. FRAMES counts every
// frame of the stack: the three of the C library's start, main, the recursion and the leaf.
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define FRAMES_AROUND 5

static __attribute__((noipa)) void spin(uint64_t turns) {
  uint64_t a = turns, b = 1, c = 2, d = 3, e = 4, f = 5, g = 6, h = 7, i = 8, j = 9, k = 10;
  for (; turns != 0; --turns) {
    a += b, b ^= c, c += d, d ^= e, e += f, f ^= g, g += h, h ^= i, i += j, j ^= k, k += a;
    __asm__ volatile(""
                     : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h),
                       "+r"(i), "+r"(j), "+r"(k));
  }
}

static __attribute__((noipa)) uint64_t descend(unsigned depth, uint64_t turns) {
  uint64_t a = depth + turns, b = depth ^ turns;
  __asm__ volatile("" : "+r"(a), "+r"(b));
  if (depth == 0) {
    spin(turns);
  } else {
    a += descend(depth - 1, turns);
  }
  __asm__ volatile("" ::"r"(a), "r"(b) : "memory");
  return a + b;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  const int frames = argc > 1 ? atoi(argv[1]) : 40;
  const double end = now() + (argc > 2 ? atof(argv[2]) : 1.0);
  if (frames <= FRAMES_AROUND) return 2;
  while (now() < end) descend((unsigned)(frames - FRAMES_AROUND - 1), 20000000);
  return 0;
}
