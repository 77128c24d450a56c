using System.Globalization;
using System.Text;
using Yun.Linux;

namespace Yun.Node.Containers.Processes;

/// <summary>One process as procfs shows it. Times are in ticks of a hundredth of a second, sizes in bytes.</summary>
/// <param name="Arguments">The command line; empty for a zombie.</param>
/// <param name="StartTicks">After the machine's start.</param>
internal sealed record ProcessSnapshot(
    int Pid, int ParentPid, int GroupId, int SessionId, char State, int TerminalNumber, ulong UserTicks, ulong KernelTicks, int Priority, int Nice,
    int Threads, ulong StartTicks, ulong VirtualBytes, ulong ResidentBytes, uint UserId, uint RealUserId, uint RealGroupId, string Name, string Arguments)
{
    /// <summary>Null when it has ended.</summary>
    public static ProcessSnapshot? TryRead(int pid)
    {
        try
        {
            if (KernelFile.TryRead($"/proc/{pid}/stat") is not { } stat || KernelFile.TryRead($"/proc/{pid}/status") is not { } status) return null;
            // The name is in parentheses and may contain anything, parentheses too.
            var (open, close) = (stat.IndexOf('('), stat.LastIndexOf(')'));
            if (open < 0 || close < open) return null;
            var f = stat[(close + 2)..].Split(' ');
            var (users, groups) = (Ids(status, "Uid:"), Ids(status, "Gid:"));
            return new ProcessSnapshot(
                pid, int.Parse(f[1]), int.Parse(f[2]), int.Parse(f[3]), f[0][0], int.Parse(f[4]), ulong.Parse(f[11]), ulong.Parse(f[12]), int.Parse(f[15]), int.Parse(f[16]),
                int.Parse(f[17]), ulong.Parse(f[19]), ulong.Parse(f[20]), ulong.Parse(f[21]) * (ulong)Environment.SystemPageSize,
                users[1], users[0], groups[0], stat[(open + 1)..close], CommandLine(pid));
        }
        catch (Exception error) when (error is SyscallException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    private static uint[] Ids(string status, string key)
    {
        var at = status.IndexOf("\n" + key, StringComparison.Ordinal);
        var line = status[(at + 1 + key.Length)..];
        return [.. line[..line.IndexOf('\n')].Split('\t', StringSplitOptions.RemoveEmptyEntries).Select(id => uint.Parse(id, CultureInfo.InvariantCulture))];
    }

    // What is unprintable would move the caller's cursor; ps shows a question mark.
    private static string CommandLine(int pid)
    {
        var text = new StringBuilder((KernelFile.TryRead($"/proc/{pid}/cmdline") ?? "").TrimEnd('\0').Replace('\0', ' '));
        for (var i = 0; i < text.Length; i++)
            if (char.IsControl(text[i])) text[i] = '?';
        return text.ToString();
    }
}
