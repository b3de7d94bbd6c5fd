// SPDX-License-Identifier: Apache-2.0
// A short life in one function whose name is chosen at build time (-DWHO=name). Linked without
// PIE, so that this function of every build lies at the same address.
#include <time.h>

#ifndef SECONDS
#define SECONDS 0.003
#endif

static volatile long turns;

__attribute__((noinline)) void WHO(double seconds) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    for (int i = 0; i < 1000; i++) turns++;
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 <
           seconds);
}

int main(void) {
  WHO(SECONDS);
  return 0;
}
