// SPDX-License-Identifier: Apache-2.0
// C++ exceptions: samples inside the unwinder of libgcc while it looks for a handler and while it
// runs destructors, in the destructors, and in the handler.
#include "truth.h"

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main catch_site throw_down{10} throw_bottom [unwinder+]\","
    "\"[start] main catch_site throw_down{1,10} Guard::~Guard guard_leaf\","
    "\"?[start] main catch_site throw_down{0,10} [unwinder+]\","
    "\"[start] main catch_site handler_leaf\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void guard_leaf() { truth_burn_registers(10000); }
TRUTH_FN void handler_leaf() { truth_burn(100000); }

struct Guard {
  TRUTH_FN ~Guard() {
    guard_leaf();
    TRUTH_NOT_A_TAIL_CALL();
  }
  uint64_t value = 1;
};

TRUTH_FN void throw_bottom(uint64_t value) { throw value; }

TRUTH_FN void throw_down(unsigned depth) {
  TRUTH_LIVE_BEGIN(depth);
  const Guard guard;
  if (depth <= 1) {
    throw_bottom(depth);
  } else {
    throw_down(depth - 1);
  }
  TRUTH_LIVE_END();
}

TRUTH_FN void catch_site() {
  try {
    throw_down(10);
  } catch (const uint64_t& value) {
    handler_leaf();
    __asm__ volatile("" ::"r"(&value) : "memory");
  }
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    for (int i = 0; i < 8; ++i) catch_site();
  }
  return 0;
}
