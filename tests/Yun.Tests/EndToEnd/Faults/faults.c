// faults CONTROL FOLDER CALL,CALL... PROGRAM ARGUMENT...
// Runs a program and counts its system calls of these names, those of its threads too and those of its children not. The call that CONTROL asks for
// is not made: it is answered with an error, or the program is killed at it. Calls on descriptors count when their file is below FOLDER.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A file that the test has mapped or writes: which call, counted from 1 (0: none), how many from there on, what is done (an errno; -1: SIGKILL), and how many were counted.
struct control { volatile int64_t at, times, action, counted, done; };

struct call { const char *name; int number; int takes_file; };
static const struct call s_calls[] = {
    {"write", __NR_write, 1}, {"pwrite64", __NR_pwrite64, 1}, {"writev", __NR_writev, 1}, {"pwritev", __NR_pwritev, 1}, {"fsync", __NR_fsync, 1}, {"fdatasync", __NR_fdatasync, 1},
    {"syncfs", __NR_syncfs, 1}, {"ftruncate", __NR_ftruncate, 1}, {"fallocate", __NR_fallocate, 1}, {"read", __NR_read, 1}, {"pread64", __NR_pread64, 1}, {"create", __NR_openat, 0},
    {"openat", __NR_openat, 0}, {"openat2", __NR_openat2, 0}, {"open", __NR_open, 0}, {"mkdir", __NR_mkdir, 0}, {"mkdirat", __NR_mkdirat, 0}, {"rename", __NR_rename, 0}, {"renameat", __NR_renameat, 0},
    {"renameat2", __NR_renameat2, 0}, {"unlink", __NR_unlink, 0}, {"unlinkat", __NR_unlinkat, 0}, {"rmdir", __NR_rmdir, 0}, {"link", __NR_link, 0}, {"linkat", __NR_linkat, 0}, {"symlinkat", __NR_symlinkat, 0},
    {"socket", __NR_socket, 0}, {"accept4", __NR_accept4, 0}, {"pipe2", __NR_pipe2, 0}, {"dup", __NR_dup, 0}, {"fcntl", __NR_fcntl, 0}, {"epoll_create1", __NR_epoll_create1, 0}, {"memfd_create", __NR_memfd_create, 0},
    {"mount", __NR_mount, 0}, {"umount2", __NR_umount2, 0}, {"fsopen", __NR_fsopen, 0}, {"fsconfig", __NR_fsconfig, 0}, {"fsmount", __NR_fsmount, 0}, {"open_tree", __NR_open_tree, 0}, {"move_mount", __NR_move_mount, 0},
    {"mount_setattr", __NR_mount_setattr, 0}, {"sendmsg", __NR_sendmsg, 0}, {"sendto", __NR_sendto, 0}, {"setns", __NR_setns, 0}, {"unshare", __NR_unshare, 0}, {"clone", __NR_clone, 0}, {"clone3", __NR_clone3, 0},
};
enum { CALLS = sizeof s_calls / sizeof *s_calls, CALLS_MAX = 64 };

static void fail(const char *what) { perror(what); exit(125); }

static void pass_on(int signal) { (void)signal; }

// Memory that both share, since any call that the child could tell its descriptor with may be one that waits for us.
static void become(char **words, const struct call **wanted, int count, volatile int *shared)
{
    struct sock_filter filter[CALLS_MAX + 3];
    int length = 0;
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < count; i++)
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)wanted[i]->number, (unsigned char)(count - i), 0);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {(unsigned short)length, filter};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int listener = (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    *shared = listener < 0 ? -1 : listener;
    while (*shared == listener) sched_yield();
    execvp(words[0], words);
    _exit(127);
}

static int is_of(pid_t process, uint32_t thread)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%u", process, thread);
    return access(path, F_OK) == 0;
}

static int is_below(pid_t process, int descriptor, const char *folder)
{
    char path[64], target[4096];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", process, descriptor);
    ssize_t length = readlink(path, target, sizeof target - 1);
    return length > 0 && (size_t)length >= strlen(folder) && memcmp(target, folder, strlen(folder)) == 0;
}

static int counts(pid_t process, const struct call **wanted, int count, const char *folder, const struct seccomp_notif *notice)
{
    for (int i = 0; i < count; i++)
    {
        if (wanted[i]->number != notice->data.nr) continue;
        // libnftables ends its process at these. That it never comes so far where descriptors are used up is not for a single failing call to show.
        if (notice->data.nr == __NR_socket && notice->data.args[0] == AF_NETLINK && notice->data.args[2] == NETLINK_NETFILTER) return 0;
        if (strcmp(wanted[i]->name, "create") == 0 && !(notice->data.args[2] & O_CREAT)) return 0;
        if (wanted[i]->takes_file && !is_below(process, (int)notice->data.args[0], folder)) return 0;
        return is_of(process, notice->pid);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 5) { fprintf(stderr, "faults CONTROL FOLDER CALL,... PROGRAM...\n"); return 125; }
    const struct call *wanted[CALLS_MAX];
    int count = 0;
    for (char *name = strtok(argv[3], ","); name; name = strtok(NULL, ","))
    {
        int found = 0;
        for (int i = 0; i < CALLS; i++)
            if (strcmp(s_calls[i].name, name) == 0 && count < CALLS_MAX) { wanted[count++] = &s_calls[i]; found = 1; }
        if (!found) { fprintf(stderr, "faults: %s is not a call it knows\n", name); return 125; }
    }
    int file = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(struct control)) != 0) fail(argv[1]);
    struct control *control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    volatile int *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) become(argv + 4, wanted, count, shared);
    while (*shared == 0) sched_yield();
    if (*shared < 0) fail("seccomp");
    int process = (int)syscall(__NR_pidfd_open, child, 0);
    int listener = (int)syscall(__NR_pidfd_getfd, process, *shared, 0);
    if (listener < 0) fail("pidfd_getfd");
    *shared = -2;
    struct sigaction ignored = {.sa_handler = pass_on};
    sigaction(SIGTERM, &ignored, NULL);

    struct seccomp_notif notice;
    for (;;)
    {
        struct pollfd polled[] = {{listener, POLLIN, 0}, {process, POLLIN, 0}};
        if (poll(polled, 2, -1) < 0)
        {
            if (errno == EINTR) kill(child, SIGTERM);
            continue;
        }
        if (polled[1].revents) break;
        memset(&notice, 0, sizeof notice);
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) continue;
        struct seccomp_notif_resp answer = {notice.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        if (control->at > 0 && counts(child, wanted, count, argv[2], &notice))
        {
            int64_t number = ++control->counted;
            if (number >= control->at && number < control->at + control->times)
            {
                control->done++;
                if (control->action < 0) kill(child, SIGKILL);
                else answer.flags = 0, answer.error = (int)-control->action;
            }
        }
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
