// SPDX-License-Identifier: Apache-2.0
// Functions in assembly without unwind tables, one per way to keep a frame: saved registers, a
// frame pointer, enter, alignment by either register, room of a size that only the program knows,
// cases behind a jump table, a jump to another function, a call that does not come back.
#include "truth.h"

static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main asm_saving asm_framed asm_aligned asm_realigned asm_room asm_cases "
    "asm_entering "
    "asm_leaf\","
    "\"[start] main asm_jumping asm_leaf\","
    "\"[start] main asm_red_zone\","
    "\"[start] main asm_small asm_tiny\"," TRUTH_CLOCK_CHAIN "]}";

void asm_saving(uint64_t turns);
void asm_jumping(uint64_t turns);
uint64_t asm_small(uint64_t turns);

// The bytes between the functions are what assemblers put there.
#define FUNCTION(name) ".p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"
#define END(name) ".size " #name ", .-" #name "\n"

__asm__(
    ".text\n"
    // rbp is data here, and so are the others that must be kept.
    FUNCTION(asm_saving)
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  sub $40, %rsp\n"
    "  mov %rdi, %rbp\n  xor %ebx, %ebx\n  mov %rdi, 8(%rsp)\n"
    "  call asm_framed\n"
    "  mov 8(%rsp), %rdi\n  lea 1(%rbp), %rbp\n"
    "  add $40, %rsp\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n  ret\n"
    END(asm_saving)
    FUNCTION(asm_framed)
    "  push %rbp\n  mov %rsp, %rbp\n  push %r14\n  sub $24, %rsp\n"
    "  push %rdi\n  push $7\n  call asm_aligned\n  add $16, %rsp\n"
    "  mov -8(%rbp), %r14\n  leave\n  ret\n"
    END(asm_framed)
    FUNCTION(asm_aligned)
    "  push %rbp\n  mov %rsp, %rbp\n  and $-64, %rsp\n  sub $192, %rsp\n"
    "  mov $0x1234, %rax\n  mov %rax, (%rsp)\n"
    "  call asm_realigned\n"
    "  mov %rbp, %rsp\n  pop %rbp\n  ret\n"
    END(asm_aligned)
    // The stack pointer of the entry is kept in the aligned frame.
    FUNCTION(asm_realigned)
    "  mov %rsp, %rax\n  push %rbx\n  push %rbp\n  push %r15\n  sub $72, %rsp\n  and $-64, %rsp\n"
    "  mov %rax, 40(%rsp)\n  xor %ebp, %ebp\n  inc %ebp\n"
    "  call asm_room\n"
    "  mov 40(%rsp), %rsi\n  mov -24(%rsi), %r15\n  mov -16(%rsi), %rbp\n  mov -8(%rsi), %rbx\n"
    "  lea (%rsi), %rsp\n  ret\n"
    END(asm_realigned)
    FUNCTION(asm_room)
    "  push %rbp\n  mov %rsp, %rbp\n  push %rbx\n  push %r12\n"
    "  mov %rdi, %rax\n  and $0x3f0, %eax\n  sub %rax, %rsp\n  sub $32, %rsp\n"
    "  mov %rdi, (%rsp)\n"
    "  call asm_cases\n"
    "  lea -16(%rbp), %rsp\n  pop %r12\n  pop %rbx\n  pop %rbp\n  ret\n"
    END(asm_room)
    FUNCTION(asm_cases)
    "  push %rbx\n  push %rbp\n  sub $24, %rsp\n  mov %rdi, %rbp\n"
    "  mov %edi, %eax\n  and $3, %eax\n"
    "  lea asm_table(%rip), %rdx\n  movslq (%rdx,%rax,4), %rax\n  add %rdx, %rax\n  jmp *%rax\n"
    ".p2align 4\n"
    ".Lcase0:\n  call asm_entering\n  add $24, %rsp\n  pop %rbp\n  pop %rbx\n  ret\n"
    ".p2align 4\n"
    ".Lcase1:\n  push %rdi\n  push %rdi\n  call asm_entering\n  add $16, %rsp\n  jmp .Ldone\n"
    ".p2align 4\n"
    ".Lcase2:\n  call asm_entering\n"
    ".Ldone:\n  add $24, %rsp\n  pop %rbp\n  pop %rbx\n  ret\n"
    ".Lcase3:\n  call asm_entering\n  test %rbp, %rbp\n  jnz .Ldone\n  call asm_never\n"
    END(asm_cases)
    FUNCTION(asm_entering)
    "  enter $48, $0\n  mov %rbx, -8(%rbp)\n  call asm_leaf\n  mov -8(%rbp), %rbx\n  leave\n  ret\n"
    END(asm_entering)
    // A leaf: every register that it may change, no stack.
    FUNCTION(asm_leaf)
    "  mov $0x9e3779b97f4a7c15, %rax\n"
    "1:  mov %rax, %rcx\n  shl $13, %rcx\n  xor %rcx, %rax\n  mov %rax, %rdx\n  shr $7, %rdx\n"
    "  xor %rdx, %rax\n  lea (%rax,%rdi), %rsi\n  mov %rsi, %r8\n  dec %rdi\n  jnz 1b\n  ret\n"
    END(asm_leaf)
    // A second entry into the code of a loop, by a jump that leaves the caller's frame.
    FUNCTION(asm_jumping)
    "  sub $8, %rsp\n  push %rdi\n  call asm_leaf\n  pop %rdi\n  add $8, %rsp\n"
    "  jmp asm_red_zone\n"
    END(asm_jumping)
    // A global label without a type, as much assembly has.
    ".p2align 4\n.globl asm_red_zone\nasm_red_zone:\n"
    "  mov %rdi, -8(%rsp)\n  mov %rbp, -16(%rsp)\n  xor %ebp, %ebp\n"
    "1:  add $3, %rbp\n  imul $5, %rbp, %rax\n  decq -8(%rsp)\n  jnz 1b\n"
    "  mov -16(%rsp), %rbp\n  ret\n"
    ".size asm_red_zone, .-asm_red_zone\n"
    // Samples fall on every instruction of these.
    FUNCTION(asm_small)
    "  push %rbx\n  xor %eax, %eax\n  mov %rdi, %rbx\n"
    "1:  mov %rbx, %rdi\n  call asm_tiny\n  call asm_tiny\n  dec %rbx\n  jnz 1b\n  pop %rbx\n  ret\n"
    END(asm_small)
    FUNCTION(asm_tiny)
    "  push %rbp\n  push %r12\n  push %r13\n  sub $16, %rsp\n  mov %rdi, %rbp\n  mov %rbp, (%rsp)\n"
    "  imul $7, %rbp, %rax\n  add $16, %rsp\n  pop %r13\n  pop %r12\n  pop %rbp\n  ret\n"
    END(asm_tiny)
    FUNCTION(asm_never)
    "  ud2\n"
    END(asm_never)
    ".section .rodata\n.p2align 2\n"
    "asm_table:\n  .long .Lcase0 - asm_table, .Lcase1 - asm_table, .Lcase2 - asm_table\n"
    "  .long .Lcase3 - asm_table\n.text\n");

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  for (uint64_t turn = 0; truth_now() < end; ++turn) {
    asm_saving(1000000 + turn);
    asm_jumping(1000000);
    asm_small(200000);
  }
  return 0;
}
