// SPDX-License-Identifier: Apache-2.0
// setjmp and longjmp: frames that are left without a return; and a call that never returns as the
// last instruction of its function, so that the return address lies outside of it.
#include "truth.h"

#include <setjmp.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main jump_site jump_down{20} jump_bottom [libc*]\","
    "\"[start] main jump_site landed_leaf\","
    "\"[start] main last_call_site ends_with_call never_returns\","
    "\"?[start] main last_call_site ends_with_call never_returns [libc]\","
    "\"?[start] main jump_site [libc]\","
    "\"?[start] main last_call_site [libc]\"," TRUTH_CLOCK_CHAIN "]}";

static jmp_buf jump_target;

TRUTH_FN void landed_leaf(void) { truth_burn_registers(500000); }

TRUTH_FN void jump_bottom(void) {
  truth_burn(500000);
  longjmp(jump_target, 1);
}

TRUTH_FN void jump_down(unsigned depth) {
  TRUTH_LIVE_BEGIN(depth);
  if (depth <= 1) {
    jump_bottom();
  } else {
    jump_down(depth - 1);
  }
  TRUTH_LIVE_END();
}

TRUTH_FN void jump_site(void) {
  if (setjmp(jump_target) == 0) {
    jump_down(20);
  } else {
    landed_leaf();
  }
  TRUTH_NOT_A_TAIL_CALL();
}

__attribute__((noreturn)) TRUTH_FN void never_returns(uint64_t turns) {
  truth_burn_registers(turns);
  longjmp(jump_target, 1);
}

__attribute__((noreturn)) TRUTH_FN void ends_with_call(uint64_t turns) { never_returns(turns + 1); }

TRUTH_FN void last_call_site(void) {
  if (setjmp(jump_target) == 0) ends_with_call(500000);
  TRUTH_NOT_A_TAIL_CALL();
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    jump_site();
    last_call_site();
  }
  return 0;
}
