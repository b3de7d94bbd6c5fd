// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/native_walk.h"

#include <stddef.h>
#include <string.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

// Of the walk under way: the steps pass no context along. What a look-up found lives here too.
static _Thread_local const struct NativeTables* tables;
static _Thread_local struct sonde_page found_page;
static _Thread_local struct sonde_row found_row;

#define SONDE_CHUNK_TYPE __u64  // number + 1

static const struct sonde_range* sonde_range_at(__u32 index) {
  return index < tables->range_count ? &tables->ranges[index] : NULL;
}
static __u64 sonde_image_table(__u32 slot) { return tables->image_table(tables->owner, slot); }
static const struct sonde_page* sonde_page_at(__u32 index) {
  return tables->page(tables->owner, index, &found_page) == 0 ? &found_page : NULL;
}
static SONDE_CHUNK_TYPE sonde_chunk_at(__u32 chunk) { return (__u64)chunk + 1; }
static const struct sonde_row* sonde_row_in(SONDE_CHUNK_TYPE chunk, __u32 row) {
  return tables->row(tables->owner, (__u32)(chunk - 1), row, &found_row) == 0 ? &found_row : NULL;
}
static int sonde_read_block(void* destination, __u32 bytes, __u64 address) {
  const __u64 offset = address - tables->stack_base;
  if (offset > tables->stack_bytes || bytes > tables->stack_bytes - offset) return 1;
  memcpy(destination, (const char*)tables->stack + offset, bytes);
  return 0;
}
static int sonde_read_word(struct sonde_unwind* u, __u64 address, __u64* out) {
  (void)u;
  return sonde_read_block(out, sizeof(*out), address);
}

#include "bpf/include/unwind/find.h"

static int sonde_look_up(struct sonde_unwind* u, __u64 slot, __u64 file_offset) {
  return sonde_find_row((__u32)slot, file_offset, &u->row);
}

// What return probes replaced is known to the kernel alone: `trampoline` is never set here.
static void sonde_original_return(struct sonde_unwind* u) { (void)u; }

// Needs memory outside of the stack, which is not kept.
static int sonde_go_switch(struct sonde_unwind* u) {
  (void)u;
  return 1;
}

#include "bpf/include/unwind/step.h"

void native_walk(const struct NativeTables* given, struct sonde_unwind* u) {
  tables = given;
  u->block_first = 0;
  u->block_count = given->range_count;
  while (!sonde_step(u)) {
  }
}
