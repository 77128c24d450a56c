// Run inside a container: tries every system call with arguments that cannot do anything, and prints how each is answered. Static, so that it runs
// in any image. A line is "what number: answer", the answer an error's name, "done", or what ended the process.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void late(int signal) {
    (void)signal;
    kill(child, SIGKILL);
}

static void report(const char *what, unsigned long number, long (*call)(unsigned long)) {
    fflush(stdout);
    child = fork();
    if (!child) {
        errno = 0;
        const long result = call(number);
        const int error = result < 0 && result > -4096 ? (int)-result : 0;
        printf("%s %lu: %s\n", what, number, error ? strerrorname_np(error) ? strerrorname_np(error) : "error" : "done");
        fflush(stdout);
        _exit(0);
    }
    int status;
    alarm(20);
    while (waitpid(child, &status, 0) < 0) continue;
    alarm(0);
    if (WIFSIGNALED(status)) printf("%s %lu: SIG%s\n", what, number, sigabbrev_np(WTERMSIG(status)));
}

static long raw(long number, long a, long b, long c, long d, long e, long f) {
    const long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
}

static long native(unsigned long number) { return raw((long)number, -1, -1, -1, -1, -1, -1); }
static long clone_flags(unsigned long flags) { return raw(SYS_clone, (long)(flags | CLONE_SIGHAND), 0, 0, 0, 0, 0); }
static long personality_of(unsigned long value) { return raw(SYS_personality, (long)value, 0, 0, 0, 0, 0); }
// A type that cannot be, so that no module is loaded for the family.
static long family(unsigned long number) { return raw(SYS_socket, (long)number, -1, -1, 0, 0, 0); }

#ifdef __x86_64__
static long x32(unsigned long number) { return native(number | 0x40000000); }
static long x86(unsigned long number) {
    long result;
    // The sixth argument is in rbp, which the compiler may need; five are enough.
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L) : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}
#endif

// What ends or duplicates the process whatever its arguments, waits for ever, or writes out the whole machine's files.
static const unsigned short native_skipped[] = {
    SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall, SYS_sync,
#ifdef __x86_64__
    SYS_fork, SYS_vfork, SYS_pause,
#endif
};
// The same of 32-bit x86, and sigreturn, sigsuspend and vm86 of old.
static const unsigned short x86_skipped[] = { 0, 1, 2, 29, 36, 72, 113, 119, 166, 173, 190, 252 };

static void all(const char *what, long (*call)(unsigned long), const unsigned short *skipped, unsigned count) {
    for (unsigned long number = 0; number <= 470; number++) {
        unsigned i = 0;
        while (i < count && skipped[i] != number) i++;
        if (i == count) report(what, number, call);
    }
}

int main(void) {
    signal(SIGALRM, late);
    all("call", native, native_skipped, sizeof native_skipped / sizeof *native_skipped);
#ifdef __x86_64__
    all("x32 call", x32, native_skipped, sizeof native_skipped / sizeof *native_skipped);
    all("x86 call", x86, x86_skipped, sizeof x86_skipped / sizeof *x86_skipped);
#endif
    // Signals and memory shared without each other are refused by the kernel itself, so that no process comes of it.
    for (int bit = 0; bit < 32; bit++)
        if ((1ul << bit) != CLONE_VM) report("clone", 1ul << bit, clone_flags);
    static const unsigned long personalities[] = { 0, 1, 2, 4, 6, 8, 0x20000, 0x20008, 0x40000, 0x400000, 0xffffffff, 0x100000000, 0xffffffffffffffff };
    for (unsigned i = 0; i < sizeof personalities / sizeof *personalities; i++) report("personality", personalities[i], personality_of);
    for (unsigned long number = 0; number < 64; number++) report("socket", number, family);
    report("socket", 1ul << 32 | 38, family);
    report("socket", 1ul << 32 | 40, family);
    return 0;
}
