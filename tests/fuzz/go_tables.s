# SPDX-License-Identifier: Apache-2.0
# Seeds: function tables of Go 1.2 and 1.20 with two functions at 0x400000, one a section each.
.section new,"a"
table: .long 0xfffffff1
  .byte 0, 0, 1, 8
  .quad 2, 0, 0x400000, names-table, 0, 0, deltas-table, index-table
index: .long 0x10, plain-index, 0x20, stack-index, 0x60
plain: .long 0x10, plain_name-names, 0, 0, plain_deltas-deltas, 0, 0
stack: .long 0x20, stack_name-names, 0, 0, stack_deltas-deltas, 0, 0
names:
plain_name: .asciz "main.plain"
stack_name: .asciz "runtime.systemstack"
deltas: .byte 0
plain_deltas: .byte 2, 1, 16, 3, 15, 1, 0
stack_deltas: .byte 2, 4, 48, 60, 0

.section old,"a"
old_table: .long 0xfffffffb
  .byte 0, 0, 1, 8
  .quad 2
  .quad 0x400010, old_plain-old_table, 0x400020, old_goexit-old_table, 0x400060
old_plain: .quad 0x400010
  .long old_plain_name-old_table, 0, 0, old_deltas-old_table, 0, 0
old_goexit: .quad 0x400020
  .long old_goexit_name-old_table, 0, 0, old_deltas-old_table, 0, 0
old_plain_name: .asciz "main.plain"
old_goexit_name: .asciz "runtime.goexit"
old_deltas: .byte 2, 1, 16, 3, 15, 1, 0
