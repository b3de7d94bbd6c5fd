// SPDX-License-Identifier: Apache-2.0
// Loops over the clock calls that the kernel serves from the vDSO: the leaf is in neither a file
// nor the program.
#include "truth.h"

#include <sys/time.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main clock_outer clock_site [libc*] [vdso+]\","
    "\"?[start] main clock_outer clock_site [libc*]\","
    "\"[start] main time_site [libc*] [vdso+]\","
    "\"?[start] main time_site [libc*]\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void clock_site(void) {
  struct timespec now;
  for (int i = 0; i < 20000; ++i) clock_gettime(CLOCK_MONOTONIC, &now);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void clock_outer(void) {
  TRUTH_LIVE_BEGIN(1);
  clock_site();
  TRUTH_LIVE_END();
}

TRUTH_FN void time_site(void) {
  struct timeval now;
  for (int i = 0; i < 20000; ++i) gettimeofday(&now, NULL);
  TRUTH_NOT_A_TAIL_CALL();
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    clock_outer();
    time_site();
  }
  return 0;
}
