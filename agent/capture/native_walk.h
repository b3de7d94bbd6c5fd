// SPDX-License-Identifier: Apache-2.0
// The kernel's unwinder steps compiled for the host: walks a copy of a stack with the same tables.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "bpf/include/unwind/state.h"

// Where a walk finds what it needs. The readers return 0 if they read, and are called with
// whatever indexes the tables hold.
struct NativeTables {
  void* owner;
  const struct sonde_range* ranges;  // of the process, sorted
  __u32 range_count;
  __u64 (*image_table)(void* owner, __u32 slot);
  int (*page)(void* owner, __u32 index, struct sonde_page* out);
  int (*row)(void* owner, __u32 chunk, __u32 row, struct sonde_row* out);
  const void* stack;  // memory at stack_base
  __u64 stack_base;
  __u64 stack_bytes;
};

// Walks from the registers in `u` (pc, sp, bp, regs, exact) to the end. Thread-safe.
void native_walk(const struct NativeTables* tables, struct sonde_unwind* u);

#ifdef __cplusplus
}
#endif
