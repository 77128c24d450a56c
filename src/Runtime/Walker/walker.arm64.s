// The walker for arm64: as walker.x64.s, which explains it. AAPCS: program x0, arguments x1, size x2, report x3; the call's number in x8.
// x19 the step, x20 the report, w21 the step's index.
walk:
  mov x9, x0
  mov x10, x3
  mov x0, x1
  mov x1, x2
  mov x8, #435
  svc #0
  cbz x0, child
  ret
child:
  mov x19, x9
  mov x20, x10
  mov x21, #0
next:
  ldr w22, [x19, #56]
  ldr x0, [x19, #8]
  tbz w22, #0, 1f
  ldr x0, [x0]
1:
  ldr x1, [x19, #16]
  tbz w22, #1, 1f
  ldr x1, [x1]
1:
  ldr x2, [x19, #24]
  tbz w22, #2, 1f
  ldr x2, [x2]
1:
  ldr x3, [x19, #32]
  tbz w22, #3, 1f
  ldr x3, [x3]
1:
  ldr x4, [x19, #40]
  tbz w22, #4, 1f
  ldr x4, [x4]
1:
  ldr x5, [x19, #48]
  tbz w22, #5, 1f
  ldr x5, [x5]
1:
  ldr x8, [x19]
  svc #0
  ldr x9, [x19, #80]
  cmp x0, x9
  b.lt below
  ldr x9, [x19, #64]
  cbz x9, 1f
  str x0, [x9]
1:
  ldrh w9, [x19, #60]
advance:
  add w9, w9, #1
  add w21, w21, w9
  mov w10, #96
  umaddl x19, w9, w10, x19
  b next
below:
  neg w10, w0
  ldrh w9, [x19, #72]
  cmp w10, w9
  b.eq tolerated
  ldrh w9, [x19, #74]
  cmp w10, w9
  b.eq tolerated
  ldrh w9, [x19, #76]
  cmp w10, w9
  b.eq tolerated
  ldrh w9, [x19, #78]
  cmp w10, w9
  b.eq tolerated
  str x21, [x20]
  str x0, [x20, #8]
  ldr x0, [x20, #16]
  tbnz x0, #63, quit
  mov x1, x20
  mov x2, #16
  mov x8, #64
  svc #0
quit:
  mov x0, #127
  mov x8, #94
  svc #0
  brk #0
tolerated:
  ldrh w9, [x19, #62]
  b advance
