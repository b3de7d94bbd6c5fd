// SPDX-License-Identifier: Apache-2.0
// Truth program 1: a plain chain of calls, one of them through a pointer; a leaf that uses every
// register; a chain of tiny functions, so that samples fall on prologues and epilogues; and system
// calls, so that samples are taken in kernel mode.
#include "truth.h"

#include <fcntl.h>
#include <unistd.h>

// Built for gprof, every function calls mcount first.
#ifdef TRUTH_MCOUNT
#define CALLEES "\"callees\": [\"libc\"], "
#else
#define CALLEES ""
#endif

static const char kTruth[] = "{" CALLEES
                             "\"chains\": ["
                             "\"[start] main alpha beta gamma_ delta leaf_registers\","
                             "\"[start] main alpha beta small_one small_two small_three\","
                             "\"[start] main kernel_side [libc]\","
                             "\"?[start] main [libc]\"," TRUTH_CLOCK_CHAIN "]}";

// One variant puts a part of the chain into an executable segment of its own.
#ifdef TRUTH_FAR_TEXT
#define FAR_TEXT __attribute__((section("far_text")))
#else
#define FAR_TEXT
#endif

FAR_TEXT TRUTH_FN void leaf_registers(uint64_t turns) { truth_burn_registers(turns); }

TRUTH_FN uint64_t small_three(uint64_t x) {
  for (int i = 0; i < 4; ++i) x = x * 3 + (x >> 7);
  return x;
}

FAR_TEXT TRUTH_FN uint64_t small_two(uint64_t x) {
  TRUTH_LIVE_BEGIN(x);
  const uint64_t y = small_three(x) + live_a;
  TRUTH_LIVE_END();
  return y;
}

TRUTH_FN uint64_t small_one(uint64_t x) {
  const uint64_t y = small_two(x) + small_two(x + 1);
  TRUTH_NOT_A_TAIL_CALL();
  return y + x;
}

TRUTH_FN void delta(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  leaf_registers(turns);
  TRUTH_LIVE_END();
}

FAR_TEXT TRUTH_FN void gamma_(uint64_t turns, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                              uint64_t f, uint64_t on_stack_a, uint64_t on_stack_b) {
  TRUTH_OPAQUE(on_stack_a);
  delta(turns + ((b + c + d + e + f + on_stack_a + on_stack_b) & 1));
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void beta(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  gamma_(turns, 1, 2, 3, 4, 5, 6, 7);
  uint64_t x = turns;
  for (uint64_t i = 0; i < turns / 4; ++i) x = small_one(x);
  TRUTH_LIVE_END();
}

TRUTH_FN void alpha(uint64_t turns) {
  void (*volatile call)(uint64_t) = beta;
  call(turns);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void kernel_side(int fd, char* buffer, size_t size) {
  for (int i = 0; i < 8; ++i) {
    if (read(fd, buffer, size) < 0) exit(1);
  }
}

int main(int argc, char** argv) {
  static char buffer[1 << 18];
  const uint64_t end = truth_begin(argc, argv, kTruth);
  const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  while (truth_now() < end) {
    alpha(300000);
    kernel_side(fd, buffer, sizeof buffer);
  }
  return 0;
}
