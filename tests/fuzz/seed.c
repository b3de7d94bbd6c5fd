// SPDX-License-Identifier: Apache-2.0
// A few functions with different frames; compiled into the seeds of elf_fuzz and cfi_fuzz.
int leaf(int x) { return x * 3; }

int plain(int x) {
  volatile int local[8] = {x};

  return leaf(local[x & 7]) + local[0];
}

int aligned(int x) {
  volatile int local[8] __attribute__((aligned(64))) = {x};

  return plain(local[x & 7]);
}

int dynamic(int x) {
  volatile char local[x + 1];

  local[x] = 1;
  return aligned(local[x] + x);
}
