// SPDX-License-Identifier: Apache-2.0
// Keeps a profiler's tables busy until its time is over: several processes at once run other
// programs, load and unload every library they are given, and map and unmap executable memory.
//   churn SECONDS PROGRAM... -- LIBRARY...
#define _GNU_SOURCE
#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static unsigned long run_programs(char** programs, int count, double end) {
  unsigned long runs = 0;
  while (now() < end) {
    char* arguments[] = {programs[runs % (unsigned)count], (char*)"0.02", NULL};
    pid_t child;
    if (posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ) != 0) exit(1);
    waitpid(child, NULL, 0);
    ++runs;
  }
  return runs;
}

static unsigned long load_libraries(char** libraries, int count, double end) {
  unsigned long loads = 0;
  while (now() < end) {
    void* handle = dlopen(libraries[loads % (unsigned)count], RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL) dlclose(handle);
    ++loads;
  }
  return loads;
}

static unsigned long map_code(double end) {
  unsigned long maps = 0;
  const size_t size = 1 << 16;
  while (now() < end) {
    void* memory = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) exit(1);
    mprotect(memory, size, PROT_READ | PROT_WRITE);
    mprotect(memory, size, PROT_READ | PROT_EXEC);
    munmap(memory, size);
    ++maps;
    usleep(200);
  }
  return maps;
}

int main(int argc, char** argv) {
  int split = 2;
  while (split < argc && strcmp(argv[split], "--") != 0) ++split;
  if (split <= 2 || split + 1 >= argc) return 2;
  const double end = now() + atof(argv[1]);
  for (int i = 0; i < 4; ++i) {
    if (fork() != 0) continue;
    unsigned long done = 0;
    if (i < 2) done = run_programs(argv + 2, split - 2, end);
    if (i == 2) done = load_libraries(argv + split + 1, argc - split - 1, end);
    if (i == 3) done = map_code(end);
    static const char* const kWhat[] = {"programs", "programs", "libraries", "code"};
    fprintf(stderr, "%s %lu\n", kWhat[i], done);
    return 0;
  }
  while (wait(NULL) > 0) continue;
  return 0;
}
