// SPDX-License-Identifier: Apache-2.0
// A child of vfork runs on its parent's stack: its stack shows the parent's callers. The short
// form spends its time inside vfork itself, whose return address is in a register.
#include "truth.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main vfork_outer vfork_site child_work child_leaf\","
    "\"[start] main short_site [libc]\","
    "\"?[start] main vfork_outer vfork_site [libc]\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void child_leaf(void) { truth_burn_registers(100000000); }

TRUTH_FN void child_work(void) {
  TRUTH_LIVE_BEGIN(1);
  child_leaf();
  TRUTH_LIVE_END();
}

TRUTH_FN void vfork_site(void) {
  const pid_t child = vfork();
  if (child < 0) exit(1);
  if (child == 0) {
    child_work();
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

TRUTH_FN void vfork_outer(void) {
  TRUTH_LIVE_BEGIN(2);
  vfork_site();
  TRUTH_LIVE_END();
}

TRUTH_FN void short_site(void) {
  const pid_t child = vfork();
  if (child < 0) exit(1);
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    vfork_outer();
    for (int i = 0; i < 200; ++i) short_site();
  }
  return 0;
}
