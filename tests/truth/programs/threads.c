// SPDX-License-Identifier: Apache-2.0
// Threads: their stacks end in the C library's thread start instead of `_start`. Short threads on
// top of two long ones.
#include "truth.h"

#include <pthread.h>

static const char kTruth[] =
    "{\"chains\": ["
    "\"[thread] long_thread thread_work thread_leaf\","
    "\"[thread] short_thread short_work short_leaf\","
    "\"?[start] main [libc+]\","
    "\"?[thread] long_thread truth_now [libc*] [vdso*]\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void thread_leaf(void) { truth_burn_registers(1000000); }
TRUTH_FN void short_leaf(void) { truth_burn(10000000); }

TRUTH_FN void thread_work(void) {
  TRUTH_LIVE_BEGIN(1);
  thread_leaf();
  TRUTH_LIVE_END();
}

TRUTH_FN void short_work(void) {
  TRUTH_LIVE_BEGIN(2);
  short_leaf();
  TRUTH_LIVE_END();
}

TRUTH_FN void* long_thread(void* argument) {
  const uint64_t end = *(const uint64_t*)argument;
  while (truth_now() < end) thread_work();
  return NULL;
}

TRUTH_FN void* short_thread(void* argument) {
  short_work();
  TRUTH_NOT_A_TAIL_CALL();
  return argument;
}

int main(int argc, char** argv) {
  uint64_t end = truth_begin(argc, argv, kTruth);
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) {
    if (pthread_create(&threads[i], NULL, long_thread, &end) != 0) return 1;
  }
  while (truth_now() < end) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, short_thread, NULL) != 0) return 1;
    pthread_join(thread, NULL);
  }
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  return 0;
}
