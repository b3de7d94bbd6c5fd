/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Searches: pc -> range of the process, file offset -> unwind row. The includer provides
 *   const struct sonde_range *sonde_range_at(__u32 index);
 *   __u64 sonde_image_table(__u32 slot);
 *   const struct sonde_page *sonde_page_at(__u32 index);
 *   SONDE_CHUNK_TYPE sonde_chunk_at(__u32 chunk);          NULL if the chunk does not exist
 *   const struct sonde_row *sonde_row_in(SONDE_CHUNK_TYPE, __u32 row);
 * Every look-up is by key: computed indexes into a map value would explode in the verifier. */
#ifndef SONDE_UNWIND_FIND_H
#define SONDE_UNWIND_FIND_H

#include "unwind/state.h"

#define SONDE_RANGE_STEPS 17
#define SONDE_ROW_STEPS	  13
#define SONDE_GUESS_ROWS  8 /* one cache line */

/* Finds the range that holds pc and keeps it in the state. Returns 0 if there is none. */
static __always_inline int sonde_find_range(struct sonde_unwind *u, __u64 pc)
{
	const struct sonde_range *range;
	__u32 low = 0, high = u->block_count, middle;
	int i;

	if (pc >= u->range_begin && pc < u->range_end)
		return 1;
	for (i = 0; i < SONDE_RANGE_STEPS; i++) {
		if (low >= high)
			break;
		middle = (low + high) / 2;
		range = sonde_range_at(u->block_first + middle);
		if (!range)
			return 0;
		if (range->begin <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	range = sonde_range_at(u->block_first + low - 1);
	if (!range || pc < range->begin || pc >= range->end)
		return 0;
	u->range_begin = range->begin;
	u->range_end = range->end;
	u->range_target = range->target;
	return 1;
}

enum sonde_find_row {
	SONDE_ROW_FOUND,
	SONDE_ROW_ABSENT,      /* rows are published and none covers the offset */
	SONDE_ROW_UNPUBLISHED, /* the image's rows are not loaded yet */
};

/* Narrows a search among the rows [first, first + *high) to those around where the row would lie
 * if they were spread evenly: nearly always right, and one or two cache lines in place of a
 * dozen. Wrong guesses only leave a larger half. Returns 0 if there is no such row. */
static __always_inline int sonde_guess_rows(SONDE_CHUNK_TYPE chunk, __u32 first, __u32 offset,
					    __u32 *low, __u32 *high)
{
	__u32 guess = *high * offset >> SONDE_PAGE_SHIFT;
	const struct sonde_row *row = sonde_row_in(chunk, first + guess);

	if (!row)
		return 0;
	if (row->offset <= offset) {
		*low = guess + 1;
		guess += SONDE_GUESS_ROWS;
	} else {
		*high = guess;
		guess = guess > SONDE_GUESS_ROWS ? guess - SONDE_GUESS_ROWS : 0;
	}
	if (guess >= *high)
		return 1;
	row = sonde_row_in(chunk, first + guess);
	if (!row)
		return 0;
	if (row->offset <= offset)
		*low = guess + 1;
	else
		*high = guess;
	return 1;
}

static __always_inline int sonde_find_row(__u32 slot, __u64 file_offset, struct sonde_row *out)
{
	__u64 table = sonde_image_table(slot);
	__u64 base = (table >> SONDE_TABLE_BASE_SHIFT) & SONDE_TABLE_BASE_MASK;
	__u64 pages = (table >> SONDE_TABLE_COUNT_SHIFT) & SONDE_TABLE_COUNT_MASK;
	__u64 page_index = (file_offset >> SONDE_PAGE_SHIFT) - base;
	__u32 low_offset = file_offset & SONDE_PAGE_MASK;
	const struct sonde_page *page;
	const struct sonde_row *row;
	__u32 first, low = 0, high, middle;
	SONDE_CHUNK_TYPE chunk;
	int i;

	if (!table)
		return SONDE_ROW_UNPUBLISHED;
	if (page_index >= pages)
		return SONDE_ROW_ABSENT;
	page = sonde_page_at((table & SONDE_TABLE_FIRST_MASK) + page_index);
	if (!page || !page->count)
		return SONDE_ROW_ABSENT;
	first = page->first & (SONDE_CHUNK_ROWS - 1);
	high = page->count;
	chunk = sonde_chunk_at(page->first >> SONDE_CHUNK_SHIFT);
	if (!chunk)
		return SONDE_ROW_ABSENT;
	if (!sonde_guess_rows(chunk, first, low_offset, &low, &high))
		return SONDE_ROW_ABSENT;
	for (i = 0; i < SONDE_ROW_STEPS; i++) {
		if (low >= high)
			break;
		middle = (low + high) / 2;
		row = sonde_row_in(chunk, first + middle);
		if (!row)
			return SONDE_ROW_ABSENT;
		if (row->offset <= low_offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return SONDE_ROW_ABSENT;
	row = sonde_row_in(chunk, first + low - 1);
	if (!row)
		return SONDE_ROW_ABSENT;
	*out = *row;
	return SONDE_ROW_FOUND;
}

#endif
