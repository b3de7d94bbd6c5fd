// SPDX-License-Identifier: Apache-2.0
// A recursion exactly 500 deep, and one of two functions in turn 400 deep.
#include "truth.h"

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main descend{500} descend_leaf\","
    "\"[start] main (ping pong){200} ping_leaf\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void descend_leaf(void) { truth_burn_registers(1000000); }
TRUTH_FN void ping_leaf(void) { truth_burn(1000000); }

TRUTH_FN uint64_t descend(unsigned depth) {
  if (depth <= 1) {
    descend_leaf();
    return 1;
  }
  const uint64_t below = descend(depth - 1);
  TRUTH_NOT_A_TAIL_CALL();
  return below + depth;
}

TRUTH_FN uint64_t pong(unsigned depth);

TRUTH_FN uint64_t ping(unsigned depth) {
  TRUTH_LIVE_BEGIN(depth);
  const uint64_t below = pong(depth - 1);
  TRUTH_LIVE_END();
  return below + depth;
}

TRUTH_FN uint64_t pong(unsigned depth) {
  uint64_t below = 0;
  if (depth <= 1) {
    ping_leaf();
  } else {
    below = ping(depth - 1);
  }
  TRUTH_NOT_A_TAIL_CALL();
  return below + depth;
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    descend(500);
    ping(400);
  }
  return 0;
}
