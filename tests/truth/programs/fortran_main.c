// SPDX-License-Identifier: Apache-2.0
// The C half of the Fortran truth program (chain.f90): its clock, its leaf, its chains.
#include "truth.h"

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main fortran_side __burn_MOD_descend{12} __burn_MOD_inner c_leaf\","
    "\"[start] main fortran_side __burn_MOD_nested __burn_MOD_apply within.0 __burn_MOD_inner "
    "c_leaf\","
    "\"?[start] main fortran_side __burn_MOD_descend{1,12} __burn_MOD_inner c_after\","
    "\"?[start] main fortran_side __burn_MOD_descend{0,12} c_after\"," TRUTH_CLOCK_CHAIN "]}";

void fortran_side(int64_t turns);

TRUTH_FN void c_leaf(int64_t turns) { truth_burn_registers((uint64_t)turns); }
TRUTH_FN void c_after(int64_t* value) { __asm__ volatile("" : "+m"(*value)); }

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  while (truth_now() < end) fortran_side(300000);
  return 0;
}
