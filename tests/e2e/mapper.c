// SPDX-License-Identifier: Apache-2.0
// A process with very many executable mappings: `mapper FILE COUNT SECONDS` maps the first page of
// FILE COUNT times, never two side by side, says `mapped`, and burns CPU in its own function.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

__attribute__((noinline)) long burn_in_the_crowd(double seconds) {
  struct timespec begin, now;
  volatile long turns = 0;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    for (int i = 0; i < 100000; i++) turns++;
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 <
           seconds);
  return turns;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int fd = open(argv[1], O_RDONLY);
  const long count = atol(argv[2]);
  char* space = mmap(NULL, (size_t)count * 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fd < 0 || space == MAP_FAILED) return 3;
  for (long i = 0; i < count; i++) {
    if (mmap(space + i * 8192, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
        MAP_FAILED) {
      perror("mapper");
      return 4;
    }
  }
  puts("mapped");
  fflush(stdout);
  burn_in_the_crowd(atof(argv[3]));
  return 0;
}
