using System.Text;
using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>The spec that <c>spec</c> writes: a shell in namespaces of its own, with few capabilities; the same as runc's and crun's but for the hidden paths, which are Docker's.</summary>
internal static class DefaultSpec
{
    public static RuntimeSpec Make() => SpecReader.Read(Json);

    public static byte[] Json => Encoding.UTF8.GetBytes(Text);

    /// <summary>The same for who is not root: a user namespace with their own ids as its root, the host's network and <c>/sys</c>, and no limits.</summary>
    public static byte[] RootlessJson(uint user, uint group) => Encoding.UTF8.GetBytes(Text
        .Replace("""{ "type": "network" }, """, """{ "type": "user" }, """, StringComparison.Ordinal)
        .Replace(""", "gid=5"]""", "]", StringComparison.Ordinal)
        .Replace("""
            { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
            { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }
        """, """
            { "destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "nosuid", "noexec", "nodev", "ro"] }
        """, StringComparison.Ordinal)
        .Replace("""
            "resources": { "devices": [{ "allow": false, "access": "rwm" }] },
        """, $$"""
            "uidMappings": [{ "containerID": 0, "hostID": {{user}}, "size": 1 }],
            "gidMappings": [{ "containerID": 0, "hostID": {{group}}, "size": 1 }],
        """, StringComparison.Ordinal));

    private static string Text => """
        {
          "ociVersion": "1.2.0",
          "process": {
            "terminal": true,
            "user": { "uid": 0, "gid": 0 },
            "args": ["sh"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {
              "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
              "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
              "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
            },
            "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
            "noNewPrivileges": true
          },
          "root": { "path": "rootfs", "readonly": true },
          "hostname": "yun",
          "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
            { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"] },
            { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
            { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }
          ],
          "linux": {
            "resources": { "devices": [{ "allow": false, "access": "rwm" }] },
            "namespaces": [{ "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" }],
            "maskedPaths": [
              "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
              "/sys/devices/virtual/powercap", "/sys/firmware"
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
          }
        }

        """;
}
