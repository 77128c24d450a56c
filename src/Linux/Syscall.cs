using Yun.Linux.Seccomp;
using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>The system calls this project makes by number. The values are x86-64's; <see cref="SyscallNumber.Of"/> gives the running machine's.</summary>
public enum Syscall
{
    read = 0, write = 1, close = 3, ioctl = 16, mprotect = 10, munmap = 11, rt_sigaction = 13, rt_sigprocmask = 14, dup2 = 33, getpid = 39, socket = 41, sendmsg = 46, recvmsg = 47, socketpair = 53,
    clone = 56, execve = 59, wait4 = 61, kill = 62, fcntl = 72, fchdir = 81, chdir = 80, fchmod = 91, fchown = 93, umask = 95, ptrace = 101, arch_prctl = 158,
    setpgid = 109, setsid = 112, setgroups = 116, setresuid = 117, setresgid = 119, capset = 126, setuid = 105, personality = 135, setpriority = 141, sched_setscheduler = 144,
    pivot_root = 155, chroot = 161, prctl = 157, mount = 165, umount2 = 166, sethostname = 170, setdomainname = 171, exit_group = 231, set_mempolicy = 238, waitid = 247, add_key = 248, keyctl = 250, ioprio_set = 251,
    mkdirat = 258, mknodat = 259, fchownat = 260, unlinkat = 263, symlinkat = 266, fchmodat = 268, openat = 257, faccessat = 269, unshare = 272, dup3 = 292, prlimit64 = 302, setns = 308,
    futex = 202, sched_setaffinity = 203, statx = 332, sched_setattr = 314, finit_module = 313, rseq = 334, seccomp = 317, memfd_create = 319, bpf = 321, execveat = 322, pidfd_send_signal = 424, open_tree = 428, move_mount = 429, fsopen = 430, fsconfig = 431, fsmount = 432,
    pidfd_open = 434, clone3 = 435, close_range = 436, openat2 = 437, pidfd_getfd = 438, faccessat2 = 439, mount_setattr = 442,
}

public static class SyscallNumber
{
    private static readonly bool s_x64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>The call's number on this machine.</summary>
    /// <exception cref="PlatformNotSupportedException">arm64 has no such call (dup2, for one).</exception>
    public static long Of(Syscall call) => s_x64 ? (long)call
        : SyscallTable.Number(call.ToString(), SyscallArchitecture.Arm64) ?? throw new PlatformNotSupportedException($"This machine has no {call} system call.");
}
