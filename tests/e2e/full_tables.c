// SPDX-License-Identifier: Apache-2.0
// Burns CPU for as many seconds as told, in a chain of functions without frame pointers, after a
// sleep of as many seconds as the second argument says. Built together with many functions that
// nobody calls, so that its unwind table is large.
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile long turns;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

__attribute__((noinline)) void table_leaf(void) {
  for (int i = 0; i < 200000; i++) turns++;
}

__attribute__((noinline)) void table_caller(double seconds) {
  const double end = now() + seconds;
  while (now() < end) table_leaf();
  turns++;
}

int main(int argc, char** argv) {
  if (argc > 2) sleep((unsigned)atoi(argv[2]));
  table_caller(argc > 1 ? atof(argv[1]) : 1);
  return 0;
}
