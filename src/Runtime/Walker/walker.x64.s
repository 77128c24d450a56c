# The walker for x86-64: makes the child and, in it, performs a list of system calls. GNU as, Intel syntax.
#
#   long walk(Step* program, clone_args* arguments, long size, Report* report)        rdi, rsi, rdx, rcx
#
# In the parent it returns what clone3 did: the child's pid, or -errno. In the child it never returns. It uses no stack, since the
# child may share its parent's (CLONE_VM without a stack of its own), and no memory but the program, the report and what steps point to.
#
# Step, 96 bytes:  0 number   8..55 six arguments   56 mask of arguments that are pointers to the value   60 skip on success (u16)
#                 62 skip when tolerated (u16)   64 where the result goes, or 0   72 four tolerated errnos (u16)   80 least good result   88 unused
# Report:          0 index of the step that failed   8 its result   16 descriptor to write these 16 bytes to, or negative
.intel_syntax noprefix
walk:
  mov r8, rdi               # r8 and r9 survive a system call, rcx and r11 do not
  mov r9, rcx
  mov rdi, rsi
  mov rsi, rdx
  mov eax, 435              # clone3
  syscall
  test rax, rax
  je child
  ret
child:
  mov rbx, r8               # rbx: the step
  mov rbp, r9               # rbp: the report
  xor r12d, r12d            # r12: the step's index
next:
  mov r13d, [rbx+56]
  mov rdi, [rbx+8]
  test r13b, 1
  je 1f
  mov rdi, [rdi]
1:
  mov rsi, [rbx+16]
  test r13b, 2
  je 1f
  mov rsi, [rsi]
1:
  mov rdx, [rbx+24]
  test r13b, 4
  je 1f
  mov rdx, [rdx]
1:
  mov r10, [rbx+32]
  test r13b, 8
  je 1f
  mov r10, [r10]
1:
  mov r8, [rbx+40]
  test r13b, 16
  je 1f
  mov r8, [r8]
1:
  mov r9, [rbx+48]
  test r13b, 32
  je 1f
  mov r9, [r9]
1:
  mov rax, [rbx]
  syscall
  cmp rax, [rbx+80]
  jl below
  mov rcx, [rbx+64]
  test rcx, rcx
  je 1f
  mov [rcx], rax
1:
  movzx ecx, word ptr [rbx+60]
advance:                    # ecx: how many steps to leave out
  inc ecx
  add r12d, ecx
  imul ecx, ecx, 96
  add rbx, rcx
  jmp next
below:
  mov edx, eax
  neg edx
  cmp dx, [rbx+72]
  je tolerated
  cmp dx, [rbx+74]
  je tolerated
  cmp dx, [rbx+76]
  je tolerated
  cmp dx, [rbx+78]
  je tolerated
  mov [rbp], r12
  mov [rbp+8], rax
  mov rdi, [rbp+16]
  test rdi, rdi
  js quit
  mov rsi, rbp
  mov edx, 16
  mov eax, 1                # write
  syscall
quit:
  mov edi, 127
  mov eax, 231              # exit_group
  syscall
  ud2
tolerated:
  movzx ecx, word ptr [rbx+62]
  jmp advance
