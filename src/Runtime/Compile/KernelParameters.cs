namespace Yun.Runtime.Compile;

/// <summary>Which kernel parameters belong to a namespace: any other would be changed for the whole machine (CVE-2022-0811 and its kin).</summary>
internal static class KernelParameters
{
    private static readonly string[] s_ipc =
        ["kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced", "kernel/msg_next_id", "kernel/sem_next_id", "kernel/shm_next_id", "kernel/auto_msgmni"];

    /// <param name="name">With slashes.</param>
    public static void Check(CompileContext context, string name, string value)
    {
        var kind = name switch
        {
            "kernel/hostname" or "kernel/domainname" => "uts",
            _ when name.StartsWith("net/", StringComparison.Ordinal) => "network",
            _ when name.StartsWith("fs/mqueue/", StringComparison.Ordinal) || Array.IndexOf(s_ipc, name) >= 0 => "ipc",
            _ when name.StartsWith("user/", StringComparison.Ordinal) => "user",
            _ => throw new SpecException($"linux.sysctl.{name.Replace('/', '.')}", "is the whole machine's, and no container may set it"),
        };
        var has = context.Has(kind) || (kind == "network" && context.Input.NetworkNamespace >= 0);
        if (!has) throw new SpecException($"linux.sysctl.{name.Replace('/', '.')}", $"needs a {kind} namespace, or it would be the machine's");
        if (value.Contains('\n', StringComparison.Ordinal) && value.TrimEnd('\n').Contains('\n', StringComparison.Ordinal)) throw new SpecException($"linux.sysctl.{name.Replace('/', '.')}", "holds more than one line");
    }
}
