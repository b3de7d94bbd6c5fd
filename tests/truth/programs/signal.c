// SPDX-License-Identifier: Apache-2.0
// Samples inside signal handlers: the stack leads through the signal frame to the interrupted
// code. Raised by the program itself, by a timer at any instruction of small functions, and by a
// fault at the first instruction of a function (whose address must not be moved back by one);
// handled on the same stack, on an alternate stack below it and on one above it.
#include "truth.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main raise_site [libc] [signal] on_raise raise_leaf\","
    "\"[start] main timer_site timer_work timer_small [signal] on_timer timer_leaf\","
    "\"?[start] main timer_site timer_work [signal] on_timer timer_leaf\","
    "\"?[start] main timer_site [libc*] [signal] on_timer timer_leaf\","
    "\"?[start] main timer_site timer_work timer_small\","
    "\"?[start] main fault_site [libc]\","
    "\"[start] main fault_site fault_entry [signal] on_fault fault_leaf\","
    "\"[thread] fault_thread thread_fault fault_entry [signal] on_fault fault_leaf\","
    "\"?[thread] fault_thread [libc]\","
    "\"?[start] main [libc*] [ld*] [libc*]\"," TRUTH_CLOCK_CHAIN "]}";

#define BURN_TURNS 200000  // a round of all cases is short on emulated CPUs too

TRUTH_FN void raise_leaf(void) { truth_burn_registers(BURN_TURNS); }
TRUTH_FN void timer_leaf(uint64_t turns) { truth_burn(turns); }
TRUTH_FN void fault_leaf(void) { truth_burn_registers(BURN_TURNS); }

static volatile sig_atomic_t timer_fired;
static volatile sig_atomic_t timer_found_small;
enum { kTimerSmallBytes = 24 };  // no build has fewer

TRUTH_FN uint64_t timer_small(uint64_t x) {
  TRUTH_LIVE_BEGIN(x);
  TRUTH_LIVE_END();
  return x + 1;
}

TRUTH_FN void on_raise(int number) {
  raise_leaf();
  TRUTH_OPAQUE(number);
}

TRUTH_FN void on_timer(int number, siginfo_t* info, void* context) {
  (void)info;
  const uint64_t pc = (uint64_t)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  timer_found_small = pc - (uint64_t)timer_small < kTimerSmallBytes;
  timer_leaf(timer_found_small ? BURN_TURNS : BURN_TURNS / 50);
  TRUTH_OPAQUE(number);
  timer_fired = 1;
}

TRUTH_FN void on_fault(int number, siginfo_t* info, void* context) {
  (void)info;
  fault_leaf();
  TRUTH_OPAQUE(number);
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] += 2;  // past the ud2
}

// Its first instruction faults.
void fault_entry(void);
__asm__(
    ".text\n"
    ".globl fault_before\n"
    ".type fault_before, @function\n"
    "fault_before:\n"
    ".cfi_startproc\n"
    "  sub $24, %rsp\n"
    ".cfi_adjust_cfa_offset 24\n"
    "  hlt\n"
    ".cfi_endproc\n"
    ".size fault_before, .-fault_before\n"
    ".globl fault_entry\n"
    ".type fault_entry, @function\n"
    "fault_entry:\n"
    ".cfi_startproc\n"
    "  ud2\n"
    "  ret\n"
    ".cfi_endproc\n"
    ".size fault_entry, .-fault_entry\n");

TRUTH_FN void raise_site(void) {
  raise(SIGUSR1);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN uint64_t timer_work(uint64_t x) {
  for (int i = 0; i < 1000; ++i) x = timer_small(x);
  TRUTH_NOT_A_TAIL_CALL();
  return x;
}

// On a slow machine the timer is often due before setitimer() has returned: it is set again, for
// longer, until it finds timer_small() at work. What it finds else is of no interest: emulated CPUs
// would spend all their time on it.
TRUTH_FN void timer_site(void) {
  uint64_t x = 0;
  timer_found_small = 0;
  int delay_us = 1500;
  for (int tries = 16; !timer_found_small && tries > 0; --tries) {  // the others want their turn
    const struct itimerval once = {{0, 0}, {0, delay_us}};
    timer_fired = 0;
    setitimer(ITIMER_REAL, &once, NULL);
    while (!timer_fired) x = timer_work(x);
    delay_us = delay_us < 20000 ? 2 * delay_us : 1500;
  }
  TRUTH_OPAQUE(x);
}

// `memory` becomes the alternate signal stack.
TRUTH_FN void fault_site(void* memory, size_t size) {
  const stack_t alternate = {.ss_sp = memory, .ss_size = size};
  sigaltstack(&alternate, NULL);
  fault_entry();
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void thread_fault(void) {
  fault_entry();
  TRUTH_NOT_A_TAIL_CALL();
}

struct ThreadStacks {
  char* alternate;
  size_t alternate_size;
  uint64_t end;
};

TRUTH_FN void* fault_thread(void* argument) {
  const struct ThreadStacks* stacks = (struct ThreadStacks*)argument;
  const stack_t alternate = {.ss_sp = stacks->alternate, .ss_size = stacks->alternate_size};
  sigaltstack(&alternate, NULL);
  for (int i = 0; i < 4; ++i) thread_fault();
  return NULL;
}

// One mapping: the thread's stack below, its alternate signal stack above.
static void run_thread(char* memory, size_t half) {
  struct ThreadStacks stacks = {.alternate = memory + half, .alternate_size = half};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, memory, half);
  if (pthread_create(&thread, &attributes, fault_thread, &stacks) != 0) exit(1);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

int main(int argc, char** argv) {
  static char below[1 << 16];
  const uint64_t end = truth_begin(argc, argv, kTruth);
  const size_t half = 1 << 18;
  char* both = (char*)mmap(NULL, 2 * half, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  struct sigaction action = {.sa_handler = on_raise};
  sigaction(SIGUSR1, &action, NULL);
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = on_timer;
  sigaction(SIGALRM, &action, NULL);
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  action.sa_sigaction = on_fault;
  sigaction(SIGILL, &action, NULL);
  while (truth_now() < end) {
    raise_site();
    timer_site();
    fault_site(below, sizeof below);
    run_thread(both, half);
  }
  return 0;
}
