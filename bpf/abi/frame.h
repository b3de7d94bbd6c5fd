/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* One stack frame = one __u64: a 2-bit tag and a 62-bit payload. Shared by the BPF programs, the
 * natively compiled unwinder steps and the agent. A reader skips special kinds it does not know. */
#ifndef SONDE_ABI_FRAME_H
#define SONDE_ABI_FRAME_H

#include <linux/types.h>

#define SONDE_TAG_SHIFT	  62
#define SONDE_TAG_IMAGE	  0ULL /* slot:16 | generation:8 | fp:1 | file offset:37 */
#define SONDE_TAG_USER_PC 1ULL /* fp:1 | unused:4 | pc:57, no range covers it */
#define SONDE_TAG_KERNEL  2ULL /* low 62 bits of a kernel address */
#define SONDE_TAG_SPECIAL 3ULL /* kind:6 | value:56; kinds >= 32 are followed by one aux word */

#define SONDE_IMAGE_SLOT_SHIFT	     46
#define SONDE_IMAGE_SLOT_MASK	     0xffffULL
#define SONDE_IMAGE_GENERATION_SHIFT 38
#define SONDE_IMAGE_GENERATION_MASK  0xffULL
#define SONDE_IMAGE_FP		     (1ULL << 37) /* this frame was found by a frame-pointer step */
#define SONDE_IMAGE_OFFSET_MASK	     ((1ULL << 37) - 1)

#define SONDE_USER_FP	   (1ULL << 61)
#define SONDE_USER_PC_MASK ((1ULL << 57) - 1)

#define SONDE_SPECIAL_KIND_SHIFT     56
#define SONDE_SPECIAL_KIND_MASK	     0x3fULL
#define SONDE_SPECIAL_VALUE_MASK     ((1ULL << 56) - 1)
#define SONDE_SPECIAL_FIRST_WITH_AUX 32

#define SONDE_FRAME_TAG(frame) ((frame) >> SONDE_TAG_SHIFT)
#define SONDE_KERNEL_FRAME(pc) ((SONDE_TAG_KERNEL << SONDE_TAG_SHIFT) | ((pc) & ((1ULL << 62) - 1)))
#define SONDE_KERNEL_PC(frame) ((frame) | (3ULL << SONDE_TAG_SHIFT))

#define SONDE_MAX_USER_FRAMES 512
#define SONDE_MAX_KERNEL_FRAMES                                                                    \
	127 /* kernel.perf_event_max_stack default; a larger request is refused */

#endif
