namespace Yun.Linux;

/// <summary>When processes began.</summary>
public static class ProcessTimes
{
    /// <summary>Clock ticks after boot (proc_pid_stat(5), field 22), or null when there is no such process or it is a zombie. A pid and this name one process for ever.</summary>
    public static ulong? StartTime(int pid)
    {
        if (KernelFile.TryRead($"/proc/{pid}/stat") is not { } stat) return null;
        // The command's name, in parentheses, may hold anything; the fields after its last one do not.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : ulong.Parse(fields[19]);
    }
}
