/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* One step of the walk: emit the frame of the current pc, find its rule, move to the caller.
 * The includer provides, beside what find.h asks for:
 *   int sonde_look_up(struct sonde_unwind *u, __u64 slot, __u64 file_offset);
 *                              sonde_find_row() into u->row, in whatever way suits it
 *   int sonde_read_word(struct sonde_unwind *u, __u64 address, __u64 *out);      0 = read
 *   void sonde_original_return(struct sonde_unwind *u);
 *                              puts what a return probe has replaced back into u->pc
 *   int sonde_go_switch(struct sonde_unwind *u);
 *                              SONDE_GO_BY_G with u->row: sets pc (0 = no goroutine) and sp;
 *                              0 = done
 *   int sonde_read_block(void *destination, __u32 bytes, __u64 address);         0 = read */
#ifndef SONDE_UNWIND_STEP_H
#define SONDE_UNWIND_STEP_H

#include "unwind/find.h"

/* A frame pointer further away than this is not one. */
#define SONDE_FP_MAX_FRAME     (1U << 20)
#define SONDE_USER_ADDRESS_MAX (1ULL << 56)

/* x86-64 rt_sigframe as seen once the handler has returned: rsp points at the ucontext.
 * uc_mcontext begins at +40 (arch/x86/include/uapi/asm/sigcontext.h, struct sigcontext_64). */
#define SONDE_UCONTEXT_REGISTERS 40
struct sonde_sigcontext {
	__u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip;
};

static __always_inline int sonde_stop(struct sonde_unwind *u, __u16 reason)
{
	u->stop = reason;
	u->done = 1;
	return 1;
}

static __always_inline void sonde_emit(struct sonde_unwind *u, __u64 frame)
{
	u->record.frames[(u->frame_first + u->frame_count) & (SONDE_FRAME_WORDS - 1)] = frame;
	u->frame_count++;
}

/* Moves to the caller: `sp` is the CFA. The stack pointer must grow, or the walk would not end. */
static __always_inline int sonde_move(struct sonde_unwind *u, __u64 pc, __u64 sp, __u64 bp,
				      int by_fp)
{
	if (sp < u->sp || (sp == u->sp && !u->exact))
		return sonde_stop(u, SONDE_STOP_LOOP);
	u->pc = pc;
	u->sp = sp;
	u->bp = bp;
	u->exact = SONDE_EXACT_NOT;
	u->by_fp = by_fp;
	return 0;
}

/* Steps by the frame pointer where no row leads on. `reason` is the stop if rbp is no frame
 * pointer. By convention the outermost frame of a chain has rbp 0. */
static __always_inline int sonde_step_fp(struct sonde_unwind *u, __u16 reason)
{
	__u64 bp, pc;

	if (u->bp == 0 && u->frame_count > 1)
		return sonde_stop(u, SONDE_STOP_COMPLETE);
	if (u->bp < u->sp || u->bp - u->sp > SONDE_FP_MAX_FRAME || (u->bp & 7))
		return sonde_stop(u, reason);
	if (sonde_read_word(u, u->bp, &bp) || sonde_read_word(u, u->bp + 8, &pc))
		return sonde_stop(u, reason);
	if (pc == 0 && bp == 0)
		return sonde_stop(u, SONDE_STOP_COMPLETE);
	return sonde_move(u, pc, u->bp + 16, bp, 1);
}

static __always_inline int sonde_step_signal(struct sonde_unwind *u)
{
	struct sonde_sigcontext c;

	if (sonde_read_block(&c, sizeof(c), u->sp + SONDE_UCONTEXT_REGISTERS))
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	u->pc = c.ip;
	u->sp = c.sp; /* may be lower: a handler can run on a stack of its own */
	u->bp = c.bp;
	u->regs[0] = c.ax;
	u->regs[1] = c.dx;
	u->regs[2] = c.cx;
	u->regs[3] = c.bx;
	u->regs[4] = c.si;
	u->regs[5] = c.di;
	u->regs[6] = c.bp;
	u->regs[7] = c.sp;
	u->regs[8] = c.r8;
	u->regs[9] = c.r9;
	u->regs[10] = c.r10;
	u->regs[11] = c.r11;
	u->regs[12] = c.r12;
	u->regs[13] = c.r13;
	u->regs[14] = c.r14;
	u->regs[15] = c.r15;
	u->exact = SONDE_EXACT_REGS;
	u->by_fp = 0;
	return 0;
}

/* To the goroutine's stack from the thread's: sp need not grow. */
static __always_inline int sonde_step_go_switch(struct sonde_unwind *u, struct sonde_row row)
{
	__u64 bp, pc;

	u->by_fp = 0;
	if (SONDE_ROW_CFA_AUX(row) == SONDE_GO_BY_G) {
		if (sonde_go_switch(u))
			return sonde_stop(u, SONDE_STOP_READ_FAULT);
		u->exact = SONDE_EXACT_PC; /* where the runtime says that the goroutine stands */
		return u->pc ? 0 : sonde_stop(u, SONDE_STOP_COMPLETE);
	}
	if (sonde_read_word(u, u->bp, &bp) || sonde_read_word(u, u->bp + 8, &pc))
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	u->sp = u->bp + 16;
	u->bp = bp;
	u->pc = pc;
	u->exact = SONDE_EXACT_NOT;
	return 0;
}

/* Evaluates the CFA rule. Returns a stop reason, or SONDE_STOP_COUNT if `cfa` was set. */
static __always_inline __u16 sonde_cfa(struct sonde_unwind *u, struct sonde_row row, __u64 *cfa)
{
	__s64 words = row.cfa_param;
	__u64 base;

	switch (SONDE_ROW_CFA_KIND(row)) {
	case SONDE_CFA_RSP:
		*cfa = u->sp + words * 8;
		return SONDE_STOP_COUNT;
	case SONDE_CFA_RBP:
		*cfa = u->bp + words * 8;
		return SONDE_STOP_COUNT;
	case SONDE_CFA_PLT:
		*cfa = u->sp + words * 8 + ((u->pc & 15) >= SONDE_ROW_CFA_AUX(row) ? 8 : 0);
		return SONDE_STOP_COUNT;
	case SONDE_CFA_REGISTER:
		if (u->exact != SONDE_EXACT_REGS)
			return SONDE_STOP_UNSUPPORTED;
		*cfa = u->regs[SONDE_ROW_CFA_AUX(row) & (SONDE_REG_COUNT - 1)] + words * 8;
		return SONDE_STOP_COUNT;
	case SONDE_CFA_DEREF_RSP:
	case SONDE_CFA_DEREF_RBP:
		base = SONDE_ROW_CFA_KIND(row) == SONDE_CFA_DEREF_RSP ? u->sp : u->bp;
		if (sonde_read_word(u, base + (words >> 4) * 8, cfa))
			return SONDE_STOP_READ_FAULT;
		*cfa += (words & 15) * 8;
		return SONDE_STOP_COUNT;
	case SONDE_CFA_END:
		return SONDE_STOP_COMPLETE;
	}
	return SONDE_STOP_UNSUPPORTED;
}

static __always_inline int sonde_step_far(struct sonde_unwind *u, struct sonde_row row)
{
	__u64 words = (__u64)(__u16)row.rbp_param << 16 | (__u16)row.cfa_param;
	__u64 cfa = (SONDE_ROW_CFA_KIND(row) == SONDE_CFA_FAR_RSP ? u->sp : u->bp) + words * 8;
	__u64 slot = SONDE_ROW_CFA_AUX(row), bp = u->bp, pc;

	if (slot && sonde_read_word(u, cfa - slot * 8, &bp))
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	if (sonde_read_word(u, cfa - 8, &pc))
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	return sonde_move(u, pc, cfa, bp, 0);
}

static __always_inline int sonde_step_row(struct sonde_unwind *u, struct sonde_row row)
{
	__u64 cfa = 0, pc = 0, bp = u->bp, at;
	__u16 reason = sonde_cfa(u, row, &cfa);

	if (reason != SONDE_STOP_COUNT)
		return sonde_stop(u, reason);
	if (SONDE_ROW_RBP_KIND(row) != SONDE_RBP_SAME) {
		at = SONDE_ROW_RBP_KIND(row) == SONDE_RBP_CFA	   ? cfa
		     : SONDE_ROW_RBP_KIND(row) == SONDE_RBP_AT_RBP ? u->bp
								   : u->sp;
		if (sonde_read_word(u, at + (__s64)row.rbp_param * 8, &bp))
			return sonde_stop(u, SONDE_STOP_READ_FAULT);
	}
	if (SONDE_ROW_RA_KIND(row) == SONDE_RA_REGISTER) {
		if (u->exact != SONDE_EXACT_REGS)
			return sonde_stop(u, SONDE_STOP_UNSUPPORTED);
		pc = u->regs[row.rbp_param & (SONDE_REG_COUNT - 1)];
	} else if (sonde_read_word(u, cfa - 8, &pc)) {
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	}
	return sonde_move(u, pc, cfa, bp, 0);
}

/* Emits the frame of an address without a usable range and stops. A return address that a frame
 * pointer led to and that is no code is no frame: it is dropped. */
static __always_inline int sonde_stop_outside(struct sonde_unwind *u, __u64 pc)
{
	if (u->by_fp)
		return sonde_stop(u, SONDE_STOP_FP_IMPLAUSIBLE);
	sonde_emit(u, (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | (pc & SONDE_USER_PC_MASK));
	return sonde_stop(u, SONDE_STOP_NO_MAPPING);
}

static __always_inline __u64 sonde_image_frame(struct sonde_unwind *u, __u64 slot, __u64 offset)
{
	__u64 generation =
	    (u->range_target >> SONDE_RANGE_GENERATION_SHIFT) & SONDE_IMAGE_GENERATION_MASK;

	return (slot << SONDE_IMAGE_SLOT_SHIFT) | (generation << SONDE_IMAGE_GENERATION_SHIFT) |
	       (u->by_fp ? SONDE_IMAGE_FP : 0) | (offset & SONDE_IMAGE_OFFSET_MASK);
}

/* Moves on by the rule of a row that was found. */
static __always_inline int sonde_follow(struct sonde_unwind *u, struct sonde_row row)
{
	switch (SONDE_ROW_CFA_KIND(row)) {
	case SONDE_CFA_NONE:
		return sonde_step_fp(u, SONDE_STOP_NO_ROW);
	case SONDE_CFA_FRAME_POINTER:
		return sonde_step_fp(u, SONDE_STOP_FP_IMPLAUSIBLE);
	case SONDE_CFA_SIGNAL:
		return sonde_step_signal(u);
	case SONDE_CFA_GO_SWITCH:
		return sonde_step_go_switch(u, row);
	case SONDE_CFA_FAR_RSP:
	case SONDE_CFA_FAR_RBP:
		return sonde_step_far(u, row);
	}
	return sonde_step_row(u, row);
}

/* A frame in memory without a file: generated code, or what the kernel maps. */
static __always_inline int sonde_step_anonymous(struct sonde_unwind *u, __u64 pc)
{
	sonde_emit(u, (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | (u->by_fp ? SONDE_USER_FP : 0) |
			  (pc & SONDE_USER_PC_MASK));
	return sonde_step_fp(u, SONDE_STOP_FP_IMPLAUSIBLE);
}

/* A frame in code of the kernel's that user mode runs, [vsyscall]: it pushes nothing. */
static __always_inline int sonde_step_opaque(struct sonde_unwind *u, __u64 pc)
{
	__u64 caller;

	sonde_emit(u, (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | (pc & SONDE_USER_PC_MASK));
	if (sonde_read_word(u, u->sp, &caller))
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	return sonde_move(u, caller, u->sp + 8, u->bp, 0);
}

/* Where optimized uprobes call (since 6.18, arch/x86/kernel/uprobes.c): pushes rcx, r11 and rax,
 * makes a system call, pops them and returns. No frame: the probed code goes on as if there were no
 * probe. */
static __always_inline int sonde_step_probe_call(struct sonde_unwind *u)
{
	__u64 in = u->pc & 4095;
	__u64 words = in == 0 ? 0 : in < 3 ? 1 : in == 3 ? 2 : in < 14 ? 3 : in < 16 ? 2 : in == 16;
	__u64 pc;

	if (sonde_read_word(u, u->sp + words * 8, &pc))
		return sonde_stop(u, SONDE_STOP_READ_FAULT);
	u->pc = pc;
	u->sp += words * 8 + 8;
	return 0;
}

/* Walks one frame. Returns 1 when the walk is over (u->stop says why), else 0. */
static __always_inline int sonde_step(struct sonde_unwind *u)
{
	__u64 pc, slot, offset;
	int found;

	if (u->trampoline && u->pc == u->trampoline)
		sonde_original_return(u);
	/* A return address points behind the call: one byte back is inside it. */
	pc = u->exact ? u->pc : u->pc - 1;

	if (u->frame_count >= SONDE_MAX_USER_FRAMES)
		return sonde_stop(u, SONDE_STOP_DEPTH);
	if (!sonde_find_range(u, pc))
		return sonde_stop_outside(u, pc);
	if (u->range_target >> SONDE_RANGE_KIND_SHIFT == SONDE_RANGE_OPAQUE)
		return sonde_step_opaque(u, pc);
	if (u->range_target >> SONDE_RANGE_KIND_SHIFT == SONDE_RANGE_PROBE_CALL)
		return sonde_step_probe_call(u);
	if (u->range_target >> SONDE_RANGE_KIND_SHIFT != SONDE_RANGE_IMAGE)
		return sonde_step_anonymous(u, pc);
	slot = (u->range_target >> SONDE_RANGE_SLOT_SHIFT) & SONDE_IMAGE_SLOT_MASK;
	offset = pc - u->range_begin + ((u->range_target & SONDE_RANGE_FILE_PAGE_MASK) << 12);
	found = sonde_look_up(u, slot, offset);
	/* Nobody calls a signal trampoline: its address is its first byte, not one behind a call.
	 */
	if (found == SONDE_ROW_FOUND && !u->exact &&
	    (SONDE_ROW_CFA_KIND(u->row) == SONDE_CFA_SIGNAL || u->row.flags & SONDE_ROW_NOT_CALLED))
		offset++;
	sonde_emit(u, sonde_image_frame(u, slot, offset));
	if (found == SONDE_ROW_UNPUBLISHED)
		return sonde_stop(u, SONDE_STOP_NO_MAPPING);
	if (found == SONDE_ROW_ABSENT)
		return sonde_step_fp(u, SONDE_STOP_NO_ROW);
	return sonde_follow(u, u->row);
}

#endif
