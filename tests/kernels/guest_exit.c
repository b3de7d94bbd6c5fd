// SPDX-License-Identifier: Apache-2.0
// Ends a QEMU guest with a status, through its isa-debug-exit port.
#include <stdlib.h>
#include <sys/io.h>

int main(int argc, char** argv) {
  const int status = argc > 1 ? atoi(argv[1]) : 1;
  if (ioperm(0xf4, 1, 1) != 0) return 1;
  outb((unsigned char)status, 0xf4);
  return 0;
}
