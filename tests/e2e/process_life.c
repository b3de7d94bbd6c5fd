// SPDX-License-Identifier: Apache-2.0
// One life of a process each, burning CPU in a function that is named at build time (-DWHO=name).
//   PROGRAM burn SECONDS
//   PROGRAM leaderless SECONDS      the main thread ends at once, another one burns
//   PROGRAM exec SECONDS NEXT       burns, then becomes NEXT, which burns as long
//   PROGRAM load SECONDS LIBRARY    loads and unloads a library now and then while it burns
//   PROGRAM crowd SECONDS COUNT     forks COUNT workers that sleep, then burns
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile long turns;
static double seconds;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

__attribute__((noinline)) void WHO(double how_long) {
  const double end = now() + how_long;
  do {
    for (int i = 0; i < 10000; i++) turns++;
  } while (now() < end);
}

static void* burn_in_thread(void* unused) {
  WHO(seconds);
  exit(0);
  return unused;
}

static void load(const char* library) {
  for (const double end = now() + seconds; now() < end;) {
    void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    WHO(0.02);
    if (handle != NULL) dlclose(handle);
  }
}

static void crowd(int count) {
  for (int i = 0; i < count; i++) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  WHO(seconds);
  kill(0, SIGKILL);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  seconds = atof(argv[2]);
  if (strcmp(argv[1], "leaderless") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, burn_in_thread, NULL);
    pthread_exit(NULL);
  } else if (strcmp(argv[1], "exec") == 0) {
    WHO(seconds);
    execl(argv[3], argv[3], "burn", argv[2], (char*)NULL);
    return 3;
  } else if (strcmp(argv[1], "load") == 0) {
    load(argv[3]);
  } else if (strcmp(argv[1], "crowd") == 0) {
    crowd(atoi(argv[3]));
  } else {
    WHO(seconds);
  }
  return 0;
}
