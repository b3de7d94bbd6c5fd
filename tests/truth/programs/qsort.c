// SPDX-License-Identifier: Apache-2.0
// Callbacks out of the C library: frames of the program, of libc, and of the program again.
#include "truth.h"

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main sort_site [libc+] compare compare_leaf\","
    "\"[start] main search_site [libc*] search_compare search_leaf\","
    "\"?[start] main refill\"," TRUTH_CLOCK_CHAIN "]}";

#define COUNT 64

TRUTH_FN void compare_leaf(void) { truth_burn_registers(2000); }
TRUTH_FN void search_leaf(void) { truth_burn(50000); }

TRUTH_FN int compare(const void* left, const void* right) {
  compare_leaf();
  TRUTH_NOT_A_TAIL_CALL();
  const int a = *(const int*)left, b = *(const int*)right;
  return (a > b) - (a < b);
}

TRUTH_FN int search_compare(const void* left, const void* right) {
  search_leaf();
  TRUTH_NOT_A_TAIL_CALL();
  const int a = *(const int*)left, b = *(const int*)right;
  return (a > b) - (a < b);
}

TRUTH_FN void sort_site(int* values) {
  qsort(values, COUNT, sizeof *values, compare);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void search_site(int* values) {
  const int key = 77;
  const void* found = bsearch(&key, values, COUNT, sizeof *values, search_compare);
  TRUTH_OPAQUE(found);
}

TRUTH_FN void refill(int* values) {
  unsigned state = 12345;
  for (int i = 0; i < COUNT; ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = (int)(state >> 8);
  }
}

int main(int argc, char** argv) {
  int values[COUNT];
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) {
    refill(values);
    sort_site(values);
    search_site(values);
  }
  return 0;
}
