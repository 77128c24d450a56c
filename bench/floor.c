// What the kernel alone costs for a container: clone with every namespace, the mounts of the default specification, a cgroup, exec, wait.
// No runtime can be faster than this by much; the others are told as multiples of it.
//   floor [--times] [--host-network] ROOTFS COMMAND...     --times prints the microseconds until the command runs and until all is over
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ready[2], running[2];
static char *root, **command;

static void must(long result, const char *what) { if (result < 0) { perror(what); _exit(99); } }
#define MUST(call) must((call), #call)

static void put(const char *folder, const char *file, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    int fd = open(path, O_WRONLY);
    MUST(fd);
    MUST(write(fd, text, strlen(text)));
    close(fd);
}

static void devices(void) {
    static const struct { const char *path; int major, minor; } list[] = {
        { "dev/null", 1, 3 }, { "dev/zero", 1, 5 }, { "dev/full", 1, 7 }, { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
    for (unsigned i = 0; i < sizeof list / sizeof *list; i++)
        MUST(mknod(list[i].path, S_IFCHR | 0666, makedev(list[i].major, list[i].minor)));
    MUST(symlink("/proc/self/fd", "dev/fd"));
    MUST(symlink("/proc/self/fd/0", "dev/stdin"));
    MUST(symlink("/proc/self/fd/1", "dev/stdout"));
    MUST(symlink("/proc/self/fd/2", "dev/stderr"));
    MUST(symlink("pts/ptmx", "dev/ptmx"));
}

static void hidden_paths(void) {
    static const char *read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };
    static const char *masked[] = { "proc/acpi", "proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list", "proc/scsi", "sys/firmware" };
    for (unsigned i = 0; i < sizeof read_only / sizeof *read_only; i++) {
        if (access(read_only[i], F_OK))
            continue;
        MUST(mount(read_only[i], read_only[i], 0, MS_BIND | MS_REC, 0));
        MUST(mount(0, read_only[i], 0, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    }
    for (unsigned i = 0; i < sizeof masked / sizeof *masked; i++) {
        struct stat status;
        if (stat(masked[i], &status))
            continue;
        if (S_ISDIR(status.st_mode))
            MUST(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k"));
        else
            MUST(mount("dev/null", masked[i], 0, MS_BIND, 0));
    }
}

// In each v1 hierarchy, or once where there is only v2.
static const char *hierarchies[] = { "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd", "unified", "." };
enum { HIERARCHIES = sizeof hierarchies / sizeof *hierarchies };

static int has(const char *hierarchy) {
    char path[128];
    const int single = !access("/sys/fs/cgroup/cgroup.procs", F_OK);
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/cgroup.procs", hierarchy);
    return single == !strcmp(hierarchy, ".") && !access(path, F_OK);
}

// The default specification's mount of type cgroup. What the machine has is asked before sysfs hides it.
static void cgroup_mounts(const int *present) {
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME;
    if (present[HIERARCHIES - 1]) {
        MUST(mount("cgroup", "sys/fs/cgroup", "cgroup2", flags | MS_RDONLY, 0));
        return;
    }
    MUST(mount("tmpfs", "sys/fs/cgroup", "tmpfs", flags, "mode=755,size=64k"));
    for (unsigned i = 0; i < HIERARCHIES; i++) {
        char path[128];
        if (!present[i])
            continue;
        const int unified = !strcmp(hierarchies[i], "unified");
        snprintf(path, sizeof path, "sys/fs/cgroup/%s", hierarchies[i]);
        MUST(mkdir(path, 0755));
        MUST(mount("cgroup", path, unified ? "cgroup2" : "cgroup", flags | MS_RDONLY, unified ? 0 : strcmp(hierarchies[i], "systemd") ? hierarchies[i] : "none,name=systemd"));
    }
    MUST(mount(0, "sys/fs/cgroup", 0, MS_REMOUNT | MS_BIND | flags | MS_RDONLY, 0));
}

static int child(void *unused) {
    char byte;
    (void)unused;
    if (read(ready[0], &byte, 1) != 1)
        _exit(98);
    // Only now, so that its root is the cgroup that was joined.
    MUST(unshare(CLONE_NEWCGROUP));
    int present[HIERARCHIES];
    for (unsigned i = 0; i < HIERARCHIES; i++)
        present[i] = has(hierarchies[i]);
    MUST(mount(0, "/", 0, MS_REC | MS_PRIVATE, 0));
    MUST(mount(root, root, 0, MS_BIND | MS_REC, 0));
    MUST(chdir(root));
    MUST(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=65536k"));
    MUST(mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    MUST(mkdir("dev/pts", 0755));
    MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"));
    cgroup_mounts(present);
    MUST(mkdir("dev/shm", 01777));
    MUST(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k"));
    MUST(mkdir("dev/mqueue", 0755));
    MUST(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    devices();
    hidden_paths();
    MUST(sethostname("floor", 5));
    MUST(syscall(SYS_pivot_root, ".", "."));
    MUST(umount2(".", MNT_DETACH));
    MUST(chdir("/"));
    // The three capabilities of the default specification stay: CAP_AUDIT_WRITE, CAP_KILL, CAP_NET_BIND_SERVICE.
    const unsigned kept = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (!(capability < 32 && kept >> capability & 1))
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { kept, kept, 0 }, { 0, 0, 0 } };
    MUST(syscall(SYS_capset, &header, data));
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    setsid();
    execv(command[0], command);
    perror(command[0]);
    return 99;
}

// The default specification's device rules, and those of every container, in v1's words.
static void device_rules(const char *folder) {
    static const char *allowed[] = { "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm" };
    put(folder, "devices.deny", "a");
    for (unsigned i = 0; i < sizeof allowed / sizeof *allowed; i++)
        put(folder, "devices.allow", allowed[i]);
}

static void copy_setting(const char *hierarchy, const char *folder, const char *file) {
    char path[256], value[128] = { 0 };
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", hierarchy, file);
    int fd = open(path, O_RDONLY);
    MUST(fd);
    MUST(read(fd, value, sizeof value - 1));
    close(fd);
    put(folder, file, value);
}

static long microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int count, char **words) {
    const int times = count > 1 && !strcmp(words[1], "--times");
    count -= times;
    words += times;
    const int host_network = count > 1 && !strcmp(words[1], "--host-network");
    count -= host_network;
    words += host_network;
    if (count < 3)
        return 2;
    const long start = microseconds();
    root = words[1];
    command = words + 2;
    MUST(pipe2(ready, O_CLOEXEC));
    MUST(pipe2(running, O_CLOEXEC));
    static char stack[1 << 16] __attribute__((aligned(16)));
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (host_network ? 0 : CLONE_NEWNET) | SIGCHLD;
    pid_t process = clone(child, stack + sizeof stack, flags, 0);
    MUST(process);
    char folder[128], id[32];
    snprintf(id, sizeof id, "%d", process);
    for (unsigned i = 0; i < HIERARCHIES; i++) {
        if (!has(hierarchies[i]))
            continue;
        snprintf(folder, sizeof folder, "/sys/fs/cgroup/%s/floor%d", hierarchies[i], process);
        MUST(mkdir(folder, 0755));
        if (!strcmp(hierarchies[i], "cpuset")) {
            copy_setting("cpuset", folder, "cpuset.cpus");
            copy_setting("cpuset", folder, "cpuset.mems");
        } else if (!strcmp(hierarchies[i], "devices"))
            device_rules(folder);
        put(folder, "cgroup.procs", id);
    }
    if (write(ready[1], "x", 1) != 1)
        return 98;
    // The child's exec closes the last writing end.
    char byte;
    close(running[1]);
    MUST(read(running[0], &byte, 1));
    const long ran = microseconds();
    int status;
    MUST(waitpid(process, &status, 0));
    for (unsigned i = 0; i < HIERARCHIES; i++) {
        snprintf(folder, sizeof folder, "/sys/fs/cgroup/%s/floor%d", hierarchies[i], process);
        if (has(hierarchies[i]))
            MUST(rmdir(folder));
    }
    if (times)
        printf("%ld %ld\n", ran - start, microseconds() - start);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
