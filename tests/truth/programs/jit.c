// SPDX-License-Identifier: Apache-2.0
// Code made at run time, with frame pointers and no unwind tables: two functions that call each
// other and a function of C. It says so in a perf map (MADE_MAP), in a jitdump (MADE_DUMP), or not
// at all. MADE_SHARED: in memory that the kernel shows as a file.
#include "truth.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(MADE_MAP) || defined(MADE_DUMP)
#define OUTER "jit!made_outer"
#define INNER "jit!made_inner"
#else
#define OUTER "[made]"
#define INNER "[made*]"
#endif

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main " OUTER " " INNER
    " c_leaf\","
    "\"[start] main " OUTER " " INNER "\"," TRUTH_CLOCK_CHAIN "]}";

TRUTH_FN void c_leaf(void) { truth_burn_registers(100000); }

static unsigned char* put(unsigned char* to, const void* bytes, size_t count) {
  memcpy(to, bytes, count);
  return to + count;
}

// push %rbp; mov %rsp, %rbp; mov $function, %rax; call *%rax; mov $turns, %ecx; 1: dec %rcx;
// jnz 1b; pop %rbp; ret
static unsigned char* make(unsigned char* to, void* function, uint32_t turns) {
  to = put(to, "\x55\x48\x89\xe5\x48\xb8", 6);
  to = put(to, &function, sizeof function);
  to = put(to, "\xff\xd0\xb9", 3);
  to = put(to, &turns, sizeof turns);
  return put(to, "\x48\xff\xc9\x75\xfb\x5d\xc3", 7);
}

#ifdef MADE_MAP
static void announce(const unsigned char* inner, const unsigned char* outer,
                     const unsigned char* end) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
  FILE* map = fopen(path, "w");
  if (map == NULL) exit(2);
  fprintf(map, "%lx %lx made_old\n", (unsigned long)inner, (unsigned long)(end - inner));
  fprintf(map, "%lx %lx made_inner\n", (unsigned long)inner, (unsigned long)(outer - inner));
  fprintf(map, "%lx %lx made_outer\n", (unsigned long)outer, (unsigned long)(end - outer));
  fclose(map);
}
#elif defined(MADE_DUMP)
// tools/perf/Documentation/jitdump-specification.txt
struct dump_header {
  uint32_t magic, version, bytes, machine, padding, pid;
  uint64_t time, flags;
};
struct code_load {
  uint32_t kind, bytes;
  uint64_t time;
  uint32_t pid, tid;
  uint64_t vma, address, size, number;
  char name[16];
};

static void announce(const unsigned char* inner, const unsigned char* outer,
                     const unsigned char* end) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/jit-%d.dump", (int)getpid());
  const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const uint32_t pid = (uint32_t)getpid();
  const struct dump_header header = {0x4a695444, 1, sizeof header, 62, 0, pid, 0, 0};
  const struct code_load loads[] = {
      {0, sizeof loads[0], 0, pid, pid, (uintptr_t)inner, (uintptr_t)inner,
       (uint64_t)(outer - inner), 0, "made_inner"},
      {0, sizeof loads[0], 0, pid, pid, (uintptr_t)outer, (uintptr_t)outer, (uint64_t)(end - outer),
       1, "made_outer"},
  };
  if (fd < 0 || write(fd, &header, sizeof header) < 0 || write(fd, loads, sizeof loads) < 0)
    exit(2);
  // The mark by which profilers find the file.
  if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) exit(2);
  close(fd);
  unlink(path);
}
#else
static void announce(const unsigned char* inner, const unsigned char* outer,
                     const unsigned char* end) {
  (void)inner, (void)outer, (void)end;
}
#endif

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
#ifdef MADE_SHARED  // as compilers do that never have memory writable and executable at once
  const int shared = memfd_create("made", MFD_CLOEXEC);
  if (shared < 0 || ftruncate(shared, 4096) != 0) return 1;
  unsigned char* const memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
#else
  unsigned char* const memory =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#endif
  if (memory == MAP_FAILED) return 1;
  unsigned char* const outer = make(memory, (void*)(uintptr_t)c_leaf, 100000);
  unsigned char* const last = make(outer, memory, 50000);
  if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) != 0) return 1;
  announce(memory, outer, last);
  void (*const call)(void) = (void (*)(void))(uintptr_t)outer;
  while (truth_now() < end) {
    for (int i = 0; i < 10; ++i) call();
  }
  return 0;
}
