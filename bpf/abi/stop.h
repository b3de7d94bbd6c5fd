/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Why a user stack ended. X(id, name, help); the order is the ABI, new reasons go last. */
#ifndef SONDE_ABI_STOP_H
#define SONDE_ABI_STOP_H

#define SONDE_STOP_REASONS(X)                                                                      \
	X(COMPLETE, "complete", "the walk reached the thread's first frame")                       \
	X(KERNEL_ONLY, "kernel_only", "a kernel thread: there is no user stack, nothing is cut")   \
	X(NO_PROCESS, "no_process", "the process was not in the table yet")                        \
	X(NO_MAPPING, "no_mapping", "the code's range or its unwind rows were not published yet")  \
	X(NO_ROW, "no_row", "no unwind row covers the code and no frame pointer led on")           \
	X(READ_FAULT, "read_fault", "the stack memory could not be read (paged out or unmapped)")  \
	X(DEPTH, "depth", "the stack is deeper than the frame limit")                              \
	X(UNSUPPORTED, "unsupported_rule", "the unwind table uses a rule that is not evaluated")   \
	X(FP_IMPLAUSIBLE, "fp_implausible", "a frame pointer did not look like one")               \
	X(COMPAT32, "compat32", "a 32-bit task: its stacks are not walked")                        \
	X(NO_REGISTERS, "no_registers", "the task's user registers were not available")            \
	X(LOOP, "loop", "the stack pointer did not grow from one frame to the next")               \
	X(MEMORY_GONE, "memory_gone", "the process was giving its memory up: exit or exec")        \
	X(STACK_COPY, "stack_copy",                                                                \
	  "walked later, and deeper than the 8 KiB of stack kept for that")

enum sonde_stop_reason {
#define X(id, name, help) SONDE_STOP_##id,
	SONDE_STOP_REASONS(X)
#undef X
	    SONDE_STOP_COUNT
};

#endif
