# SPDX-License-Identifier: Apache-2.0
# Seeds of symbols_fuzz and identity_fuzz: two parts, the length of the first in front.
.section tables, "", @progbits
  .short 2f - 1f
1:  # st_name, st_info, st_other, st_shndx, st_value, st_size
  .long 0; .byte 0, 0; .short 0; .quad 0, 0
  .long 1; .byte 0x12, 0; .short 1; .quad 0x400100, 0x40       # global function
  .long 7; .byte 0x02, 0; .short 1; .quad 0x400100, 0          # its local alias
  .long 14; .byte 0x10, 0; .short 1; .quad 0x400800, 0         # label
  .long 20; .byte 0x1a, 0; .short 1; .quad 0x400f00, 0x100     # indirect function
2:
  .asciz ""; .asciz "first"; .asciz "second"; .asciz "label"; .asciz "_ZN1a1bEv"

.section notes, "", @progbits
  .short 2f - 1f
1:
  .long 4, 4, 1; .asciz "GNU"; .long 0
  .long 4, 20, 3; .asciz "GNU"
  .byte 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
2:
  .asciz "program.debug"
  .balign 4
  .long 0x12345678
