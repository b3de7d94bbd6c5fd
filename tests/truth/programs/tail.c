// SPDX-License-Identifier: Apache-2.0
// Tail calls: a function that jumps to another one leaves no frame behind. Built only at
// optimization levels that do jump; the driver checks the machine code for it.
#include "truth.h"

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main tail_caller tail_first\","
    "\"[start] main tail_caller tail_second\","
    "\"[start] main tail_caller tail_leaf\","
    "\"[start] main tail_caller tail_loop_a\","
    "\"[start] main tail_caller tail_loop_b\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN uint64_t tail_leaf(uint64_t turns) {
  truth_burn_registers(turns);
  return turns;
}

// Saves and restores registers around its own work before it jumps: samples in the epilogue.
TRUTH_FN uint64_t tail_second(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  truth_burn_registers(turns);
  TRUTH_LIVE_END();
  return tail_leaf(turns + 1);
}

TRUTH_FN uint64_t tail_first(uint64_t turns) {
  truth_burn(turns);
  return tail_second(turns + 1);
}

TRUTH_FN uint64_t tail_loop_b(uint64_t turns);

TRUTH_FN uint64_t tail_loop_a(uint64_t turns) {
  if (turns == 0) return 1;
  TRUTH_LIVE_BEGIN(turns);
  TRUTH_LIVE_END();
  return tail_loop_b(turns - 1);
}

TRUTH_FN uint64_t tail_loop_b(uint64_t turns) {
  if (turns == 0) return 2;
  return tail_loop_a(turns - 1);
}

TRUTH_FN uint64_t tail_caller(uint64_t turns) {
  const uint64_t first = tail_first(turns);
  TRUTH_NOT_A_TAIL_CALL();
  const uint64_t second = tail_loop_a(turns / 2);
  TRUTH_NOT_A_TAIL_CALL();
  return first + second;
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) tail_caller(500000);
  return 0;
}
