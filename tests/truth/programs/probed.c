// SPDX-License-Identifier: Apache-2.0
// Functions under uprobes and return probes, which replace instructions and return addresses while
// the stacks are taken: one that recurses, two probes on one function, a probe on a leaf, and one
// on a long nop, which newer kernels make a call (as of USDT probes).
#include "truth.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main outer probed_twice descend{6} inner leaf\","
    "\"[start] main outer often probed_leaf\","
    "\"[start] main outer often_nop probed_nop\","
    "\"?[start] main outer probed_twice descend{0,6}\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void leaf(uint64_t turns) { truth_burn_registers(turns); }
TRUTH_FN void probed_leaf(void) { truth_burn(200); }

TRUTH_FN void inner(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  leaf(turns);
  TRUTH_LIVE_END();
}

TRUTH_FN void descend(unsigned depth, uint64_t turns) {
  if (depth > 1) {
    descend(depth - 1, turns);
  } else {
    inner(turns);
  }
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void probed_twice(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  descend(6, turns);
  TRUTH_LIVE_END();
}

TRUTH_FN void often(void) {
  for (int i = 0; i < 100; ++i) probed_leaf();
  TRUTH_NOT_A_TAIL_CALL();
}

void probed_nop(void);
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".globl probed_nop\n"
    ".type probed_nop, @function\n"
    "probed_nop:\n"
    ".cfi_startproc\n"
    "  .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "  mov $300, %ecx\n"
    "1: dec %ecx\n"
    "  jnz 1b\n"
    "  ret\n"
    ".cfi_endproc\n"
    ".size probed_nop, .-probed_nop\n");

TRUTH_FN void often_nop(void) {
  for (int i = 0; i < 300; ++i) probed_nop();
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void outer(uint64_t turns) {
  probed_twice(turns);
  often();
  often_nop();
  TRUTH_NOT_A_TAIL_CALL();
}

// perf's own uprobe events (Documentation/ABI/testing/sysfs-bus-event_source-devices-uprobe).
static void probe(const char* file, uint64_t offset, int at_return) {
  unsigned type = 0;
  FILE* description = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
  if (description == NULL || fscanf(description, "%u", &type) != 1) exit(2);
  fclose(description);
  struct perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.size = sizeof attr;
  attr.type = type;
  attr.config = (uint64_t)at_return;
  attr.config1 = (uint64_t)(uintptr_t)file;
  attr.config2 = offset;
  if (syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, PERF_FLAG_FD_CLOEXEC) < 0) {
    perror("perf_event_open");
    exit(2);
  }
}

int main(int argc, char** argv) {
  extern const char __executable_start[];
  static char self[4096];
  const uint64_t end = truth_begin(argc, argv, kTruth);
  if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return 1;
  const uintptr_t base = (uintptr_t)__executable_start;
  probe(self, (uintptr_t)probed_twice - base, 1);
  probe(self, (uintptr_t)probed_twice - base, 1);
  probe(self, (uintptr_t)descend - base, 1);
  probe(self, (uintptr_t)probed_leaf - base, 1);
  probe(self, (uintptr_t)leaf - base, 0);
  probe(self, (uintptr_t)probed_nop - base, 0);
  while (truth_now() < end) outer(300000);
  return 0;
}
