/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows that the walks of this CPU found last. Between two ticks a busy CPU drives the tables out of
 * its caches and TLBs: a search then waits for memory four times, this once, and callers repeat
 * from sample to sample. Only the walk of a tick is here, and a tick does not interrupt another. */
#ifndef SONDE_ROW_CACHE_H
#define SONDE_ROW_CACHE_H

#include "tables.bpf.h"

#define ROW_CACHE_SHIFT 11 /* 2,048 entries, 32 KiB a CPU */

struct cached_row {
	__u64 tag; /* 0: none */
	struct sonde_row row;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1 << ROW_CACHE_SHIFT);
	__type(key, __u32);
	__type(value, struct cached_row);
} row_cache SEC(".maps");

/* What a row is found by: the image (slot and generation: 24 bits of the range's target) and the
 * offset in it (37 bits) as they are, mixed with where its rows lie. For one image and offset each
 * table has another tag; that of another image is equal once in 2^64. A slot's generation comes
 * back after 256 other files in it, whose walks have taken the entry long since. */
static __always_inline __u64 row_tag(__u64 range_target, __u64 table, __u64 file_offset)
{
	__u64 image = range_target >> SONDE_RANGE_GENERATION_SHIFT & 0xffffff;

	return (image << 40 | (file_offset & ((1ULL << 40) - 1))) ^ table * 0x9e3779b97f4a7c15ULL;
}

static __always_inline struct cached_row *cached_row_of(__u64 tag)
{
	__u32 index = tag * 0xd6e8feb86659fd93ULL >> (64 - ROW_CACHE_SHIFT);

	return bpf_map_lookup_elem(&row_cache, &index);
}

#endif
