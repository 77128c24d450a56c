using Yun.Linux;
using Yun.Runtime.Compile;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>features</c>: what this runtime can do (runtime-spec, features.md).</summary>
internal static class FeaturesCommand
{
    public static int Run(RuntimeSettings settings)
    {
        var json = new JsonWriter(indented: true);
        json.WriteStartObject();
        json.WriteString("ociVersionMin", "1.0.0");
        json.WriteString("ociVersionMax", "1.3.0");
        Strings(json, "hooks", ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]);
        Strings(json, "mountOptions", MountOptions.Names());
        json.WriteStartObject("linux");
        Strings(json, "namespaces", ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]);
        json.WriteStartArray("capabilities");
        for (var i = 0; i < Math.Min(Capabilities.KernelCount, Capabilities.Names.Count); i++) json.WriteStringValue(Capabilities.Names[i]);
        json.WriteEndArray();
        json.WriteStartObject("cgroup");
        json.WriteBoolean("v1", true);
        json.WriteBoolean("v2", true);
        json.WriteBoolean("systemd", false);
        json.WriteBoolean("systemdUser", false);
        json.WriteBoolean("rdma", true);
        json.WriteEndObject();
        json.WriteStartObject("seccomp");
        json.WriteBoolean("enabled", true);
        Strings(json, "actions", ["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"]);
        Strings(json, "operators", ["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"]);
        Strings(json, "archs", ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"]);
        Strings(json, "knownFlags", ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]);
        Strings(json, "supportedFlags", ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]);
        json.WriteEndObject();
        Enabled(json, "apparmor", true);
        Enabled(json, "selinux", true);
        Enabled(json, "intelRdt", false);
        Enabled(json, "netDevices", true);
        json.WriteStartObject("memoryPolicy");
        Strings(json, "modes", MemoryPolicySteps.Modes);
        Strings(json, "flags", MemoryPolicySteps.Flags);
        json.WriteEndObject();
        json.WriteStartObject("mountExtensions");
        Enabled(json, "idmap", true);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("annotations");
        // As runc words it; there it says what runc was built with, here whether this machine has what it takes.
        json.WriteString("org.opencontainers.runc.checkpoint.enabled", ProgramPath.Find(settings.Criu) is null ? "false" : "true");
        json.WriteEndObject();
        json.WriteEndObject();
        Output.Write(json + "\n");
        return 0;
    }

    private static void Enabled(JsonWriter json, string name, bool enabled)
    {
        json.WriteStartObject(name);
        json.WriteBoolean("enabled", enabled);
        json.WriteEndObject();
    }

    private static void Strings(JsonWriter json, string name, ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
