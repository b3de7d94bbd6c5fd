// SPDX-License-Identifier: Apache-2.0
// Storms of process life. Prints how many it made.
//   storm exec RATE SECONDS PROGRAM...   starts the programs in turn (vfork and exec)
//   storm fork RATE SECONDS              workers that are forked, work for a moment and end
//   storm load SECONDS LIBRARY...        loads and unloads libraries
//   storm reuse COUNT FIRST PROGRAM...   starts the programs in turn, in 64 pids from FIRST on
//                                        (0 = whatever the kernel gives)
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

__attribute__((noinline)) static long work(double seconds) {
  volatile long turns = 0;
  for (const double end = now() + seconds; now() < end;) turns++;
  return turns;
}

static pid_t start(char* program) {
  pid_t child = -1;
  char* const arguments[] = {program, NULL};
  return posix_spawn(&child, program, NULL, NULL, arguments, environ) == 0 ? child : -1;
}

static void sleep_until(double when) {
  const double rest = when - now();
  if (rest > 0) usleep((useconds_t)(rest * 1e6));
}

static void reap(int flags) {
  while (waitpid(-1, NULL, flags) > 0) {
  }
}

// Calls `one` at that rate; children are reaped as they end.
static long at_rate(double rate, double seconds, pid_t (*one)(long, char**), char** programs) {
  const double begin = now();
  long made = 0;
  while (now() < begin + seconds) {
    if (one(made, programs) > 0) made++;
    reap(WNOHANG);
    sleep_until(begin + (double)made / rate);
  }
  reap(0);
  return made;
}

static pid_t start_next(long turn, char** programs) {
  long count = 0;
  while (programs[count] != NULL) count++;
  return start(programs[turn % count]);
}

static pid_t fork_worker(long turn, char** programs) {
  (void)turn, (void)programs;
  const pid_t child = fork();
  if (child != 0) return child;
  work(0.001);
  _exit(0);
}

static long load(double seconds, char** libraries) {
  long loads = 0;
  for (const double end = now() + seconds; now() < end;) {
    for (char** library = libraries; *library != NULL; library++) {
      void* handle = dlopen(*library, RTLD_NOW | RTLD_LOCAL);
      if (handle == NULL) continue;
      loads++;
      work(0.0005);
      dlclose(handle);
    }
  }
  return loads;
}

// A pid that is taken is passed over. No two in a row have the same pid: it would be theirs within
// the 10 ms by which a process's start is known, which needs 32,768 forks elsewhere.
static long reuse(long count, long first, char** programs) {
  const int last_pid = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
  long made = 0, next = first;
  for (long i = 0; i < count; i++) {
    char text[32];
    const int length = snprintf(text, sizeof text, "%ld", next - 1);
    if (first > 0 && pwrite(last_pid, text, (size_t)length, 0) < 0) return -1;
    const pid_t child = start_next(i, programs);
    if (child > 0) made++;
    next = child >= first && child < first + 63 ? child + 1 : first;
    reap(0);
  }
  return made;
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  long made = -1;
  if (strcmp(argv[1], "exec") == 0 && argc > 4) {
    made = at_rate(atof(argv[2]), atof(argv[3]), start_next, argv + 4);
  } else if (strcmp(argv[1], "fork") == 0) {
    made = at_rate(atof(argv[2]), atof(argv[3]), fork_worker, NULL);
  } else if (strcmp(argv[1], "load") == 0) {
    made = load(atof(argv[2]), argv + 3);
  } else if (strcmp(argv[1], "reuse") == 0 && argc > 4) {
    made = reuse(atol(argv[2]), atol(argv[3]), argv + 4);
  }
  printf("%ld\n", made);
  return made < 0;
}
