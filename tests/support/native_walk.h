// SPDX-License-Identifier: Apache-2.0
// The kernel's unwinder steps compiled for the host, over tables and stack memory in arrays.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "bpf/include/unwind/state.h"

struct native_tables {
  const struct sonde_range* ranges;
  __u32 range_count;
  const __u64* image_tables;  // by slot
  __u32 image_count;
  const struct sonde_page* pages;
  __u32 page_count;
  const struct sonde_row* rows;  // one chunk
  __u32 row_count;
  const void* stack;  // memory at stack_base
  __u64 stack_base;
  __u64 stack_bytes;
};

// Walks from the registers in `u` (pc, sp, bp, regs, exact, block) to the end.
void native_walk(const struct native_tables* tables, struct sonde_unwind* u);

#ifdef __cplusplus
}
#endif
