using System.Runtime.InteropServices;
using System.Text;
using Yun.Linux;
using Yun.Oci;
using Yun.Oci.Seccomp;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>The spec that <c>spec --profile strict</c> writes: the daemon's <c>strict</c> profile for a bundle (docs/hardening.md).</summary>
internal static class StrictSpec
{
    public static byte[] Json => Encoding.UTF8.GetBytes(Text());

    private static string Text()
    {
        var files = Math.Min(StrictProfile.OpenFilesHard, ResourceLimit.Hard(ResourceLimit.OpenFiles));
        var locked = Math.Min(StrictProfile.LockedMemory, ResourceLimit.Hard(ResourceLimit.LockedMemory));
        // Another bundle's are others, by all likelihood; the daemon, which knows its containers, makes sure.
        var first = StrictProfile.UserIdsStart + (uint)Random.Shared.Next((int)(StrictProfile.UserIdsCount / StrictProfile.UserIds)) * StrictProfile.UserIds;
        var capabilities = List(StrictProfile.Capabilities);
        return $$"""
            {
              "ociVersion": "1.2.0",
              "process": {
                "terminal": true,
                "user": { "uid": 0, "gid": 0 },
                "args": ["sh"],
                "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
                "cwd": "/",
                "capabilities": { "bounding": {{capabilities}}, "effective": {{capabilities}}, "permitted": {{capabilities}} },
                "rlimits": [
                  { "type": "RLIMIT_NOFILE", "hard": {{files}}, "soft": {{Math.Min(StrictProfile.OpenFilesSoft, files)}} },
                  { "type": "RLIMIT_MEMLOCK", "hard": {{locked}}, "soft": {{locked}} },
                  { "type": "RLIMIT_CORE", "hard": 0, "soft": 0 }
                ],
                "noNewPrivileges": true
              },
              "root": { "path": "rootfs", "readonly": true },
              "hostname": "yun",
              "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev", "hidepid=invisible"] },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"] },
                { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
                { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
                { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"] },
                { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
                { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }
              ],
              "annotations": { "{{Compile.RootSteps.ShiftAnnotation}}": "true" },
              "linux": {
                "uidMappings": [{ "containerID": 0, "hostID": {{first}}, "size": {{StrictProfile.UserIds}} }],
                "gidMappings": [{ "containerID": 0, "hostID": {{first}}, "size": {{StrictProfile.UserIds}} }],
                "resources": { "devices": [{ "allow": false, "access": "rwm" }], "pids": { "limit": {{StrictProfile.PidsLimit}} } },
                "namespaces": [{ "type": "user" }, { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" }, { "type": "time" }],
                "sysctl": { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 {{StrictProfile.UserIds - 1}}" },
                "maskedPaths": {{List(StrictProfile.MaskedPaths)}},
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
                "seccomp": {{Seccomp()}}
              }
            }

            """;
    }

    private static string List(IReadOnlyList<string> values) => $"[\"{string.Join("\", \"", values)}\"]";

    private static string Seccomp()
    {
        var seccomp = StrictSeccomp.For(StrictProfile.Capabilities, RuntimeInformation.ProcessArchitecture == Architecture.Arm64);
        var json = new JsonWriter();
        json.WriteStartObject();
        json.WriteString("defaultAction", seccomp.DefaultAction);
        json.WriteNumber("defaultErrnoRet", seccomp.DefaultErrnoRet ?? 0UL);
        json.WriteStartArray("architectures");
        foreach (var architecture in seccomp.Architectures ?? []) json.WriteStringValue(architecture);
        json.WriteEndArray();
        json.WriteStartArray("syscalls");
        foreach (var call in seccomp.Syscalls ?? []) Write(json, call);
        json.WriteEndArray();
        json.WriteEndObject();
        return json.ToString();
    }

    private static void Write(JsonWriter json, SpecSyscall call)
    {
        json.WriteStartObject();
        json.WriteStartArray("names");
        foreach (var name in call.Names) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteString("action", call.Action);
        if (call.ErrnoRet is { } errno) json.WriteNumber("errnoRet", (ulong)errno);
        if (call.Args is { Count: > 0 } arguments)
        {
            json.WriteStartArray("args");
            foreach (var argument in arguments)
            {
                json.WriteStartObject();
                json.WriteNumber("index", (ulong)argument.Index);
                json.WriteNumber("value", argument.Value);
                json.WriteNumber("valueTwo", argument.ValueTwo);
                json.WriteString("op", argument.Op);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
