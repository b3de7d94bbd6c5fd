// SPDX-License-Identifier: Apache-2.0
#include "tests/support/native_walk.h"

#include <stddef.h>
#include <string.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static const struct native_tables* tables;

#define SONDE_CHUNK_TYPE const struct sonde_row*

static const struct sonde_range* sonde_range_at(__u32 index) {
  return index < tables->range_count ? &tables->ranges[index] : NULL;
}
static __u64 sonde_image_table(__u32 slot) {
  return slot < tables->image_count ? tables->image_tables[slot] : 0;
}
static const struct sonde_page* sonde_page_at(__u32 index) {
  return index < tables->page_count ? &tables->pages[index] : NULL;
}
static SONDE_CHUNK_TYPE sonde_chunk_at(__u32 chunk) { return chunk == 0 ? tables->rows : NULL; }
static const struct sonde_row* sonde_row_in(SONDE_CHUNK_TYPE chunk, __u32 row) {
  return row < tables->row_count ? &chunk[row] : NULL;
}
static int sonde_read_block(void* destination, __u32 bytes, __u64 address) {
  __u64 offset = address - tables->stack_base;
  if (offset > tables->stack_bytes || bytes > tables->stack_bytes - offset) return 1;
  memcpy(destination, (const char*)tables->stack + offset, bytes);
  return 0;
}
static int sonde_read_word(struct sonde_unwind* u, __u64 address, __u64* out) {
  (void)u;
  return sonde_read_block(out, sizeof(*out), address);
}

#include "unwind/step.h"

void native_walk(const struct native_tables* given, struct sonde_unwind* u) {
  tables = given;
  while (!sonde_step(u)) {
  }
}
