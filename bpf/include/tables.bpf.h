/* SPDX-License-Identifier: GPL-2.0-only */
/* The shared tables (bpf/abi/rows.h) as BPF maps. Flat arrays only: written by the agent through
 * mmap, never by hash updates; nothing here is written from a BPF program. */
#ifndef SONDE_TABLES_H
#define SONDE_TABLES_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/abi/rows.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SONDE_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct sonde_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SONDE_MAX_RANGES);
	__type(key, __u32);
	__type(value, struct sonde_range);
} ranges SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SONDE_MAX_IMAGES);
	__type(key, __u32);
	__type(value, struct sonde_image);
} images SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SONDE_MAX_PAGES);
	__type(key, __u32);
	__type(value, struct sonde_page);
} pages SEC(".maps");

struct row_chunk {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SONDE_CHUNK_ROWS);
	__uint(key_size, sizeof(__u32)); /* sizes: clang leaves inner types incomplete in BTF */
	__uint(value_size, sizeof(struct sonde_row));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SONDE_MAX_CHUNKS);
	__type(key, __u32);
	__array(values, struct row_chunk);
} row_chunks SEC(".maps");

#define SONDE_CHUNK_TYPE void *

static __always_inline const struct sonde_range *sonde_range_at(__u32 index)
{
	return bpf_map_lookup_elem(&ranges, &index);
}

static __always_inline __u64 sonde_image_table(__u32 slot)
{
	struct sonde_image *image = bpf_map_lookup_elem(&images, &slot);

	return image ? image->table : 0;
}

static __always_inline const struct sonde_page *sonde_page_at(__u32 index)
{
	return bpf_map_lookup_elem(&pages, &index);
}

static __always_inline void *sonde_chunk_at(__u32 chunk)
{
	return bpf_map_lookup_elem(&row_chunks, &chunk);
}

static __always_inline const struct sonde_row *sonde_row_in(void *chunk, __u32 row)
{
	return bpf_map_lookup_elem(chunk, &row);
}

static __always_inline struct sonde_process *sonde_find_process(__u32 tgid, __u64 start_time)
{
	__u64 key = (__u64)tgid + 1;
	struct sonde_process *process;
	__u32 index;
	int i;

	for (i = 0; i < SONDE_PROCESS_PROBES; i++) {
		index = (SONDE_PROCESS_HASH(tgid) + i) & (SONDE_MAX_PROCESSES - 1);
		process = bpf_map_lookup_elem(&processes, &index);
		if (!process)
			return 0;
		if (process->key == key)
			return process->start_time == start_time ? process : 0;
	}
	return 0;
}

#endif
