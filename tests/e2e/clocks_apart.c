// SPDX-License-Identifier: Apache-2.0
// Preloaded into perf: its clock of each CPU starts at the CPU's own place in the period
// (CLOCK_PERIOD_NS), as sonde's do. By itself perf enables one right after the other, and then they
// tick within 60 to 110 us of each other for the whole recording.
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// perf enables the events of a CPU from that CPU. Where it is busy, sleep ends late: try again.
static void wait_for_the_place_of_this_cpu(long period) {
  const long place = period / sysconf(_SC_NPROCESSORS_ONLN) * sched_getcpu();
  for (int i = 0; i < 100; i++) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long long time = now.tv_sec * 1000000000LL + now.tv_nsec;
    const long after = (long)((time % period - place + period) % period);
    if (after < period / 16) return;
    nanosleep(&(struct timespec){.tv_nsec = period - after}, NULL);
  }
}

int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  const char* period = getenv("CLOCK_PERIOD_NS");
  if (request == PERF_EVENT_IOC_ENABLE && period) wait_for_the_place_of_this_cpu(atol(period));
  return (int)syscall(SYS_ioctl, fd, request, argument);
}
