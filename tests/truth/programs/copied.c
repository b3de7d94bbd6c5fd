// SPDX-License-Identifier: Apache-2.0
// Code that was copied to anonymous memory at the same addresses, as programs do that want huge
// pages for it: all of it but its first page, by mmap over it or by mremap onto it. Then one page
// of it gets other rights and its old ones back, which splits the mapping.
#include "truth.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main copied_outer copied_middle copied_leaf\","
    "\"[start] main copied_outer copied_leaf\"," TRUTH_CLOCK_CHAIN "]}";

#define COPIED __attribute__((section("copied")))
#define PAGE ((uintptr_t)4096)

extern char __start_copied[], __stop_copied[];

COPIED __attribute__((used, naked)) void copied_first_page(void) {
  __asm__ volatile(".skip 5000, 0xcc");
}

COPIED TRUTH_FN void copied_leaf(uint64_t turns) { truth_burn_registers(turns); }

COPIED TRUTH_FN void copied_middle(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  copied_leaf(turns);
  TRUTH_LIVE_END();
}

COPIED TRUTH_FN void copied_outer(uint64_t turns) {
  TRUTH_LIVE_BEGIN(turns);
  copied_middle(turns);
  copied_leaf(turns);
  TRUTH_LIVE_END();
}

COPIED __attribute__((used, naked)) void copied_last_page(void) {
  __asm__ volatile(".skip 12000, 0xcc");
}

static void must(int worked, const char* what) {
  if (worked) return;
  perror(what);
  exit(2);
}

static void copy_code(void) {
  char* const begin = (char*)(((uintptr_t)__start_copied + PAGE) & ~(PAGE - 1));
  const size_t size = ((uintptr_t)(__stop_copied - begin) + PAGE - 1) & ~(PAGE - 1);
  char* const copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(copy != MAP_FAILED, "mmap");
  memcpy(copy, begin, size);
#ifdef BY_MREMAP
  must(mprotect(copy, size, PROT_READ | PROT_EXEC) == 0, "mprotect");
  must(mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, begin) == begin, "mremap");
#else
  must(mmap(begin, size, PROT_READ | PROT_WRITE | PROT_EXEC,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == begin,
       "mmap");
  memcpy(begin, copy, size);
  must(mprotect(begin, size, PROT_READ | PROT_EXEC) == 0, "mprotect");
#endif
  must(mprotect(begin + PAGE, PAGE, PROT_READ) == 0, "mprotect");
  must(mprotect(begin + PAGE, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
}

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  copy_code();
  while (truth_now() < end) copied_outer(100000);
  return 0;
}
