using System.Globalization;

namespace Yun.Node.Containers.Processes;

/// <summary>What columns are made of besides the process.</summary>
/// <param name="UpTicks">How long the machine is up, in hundredths of a second.</param>
internal sealed record ProcessTableFacts(DateTimeOffset Now, ulong UpTicks, ulong MachineMemory, IReadOnlyDictionary<uint, string> Users);

/// <summary>A column as ps(1) of procps has it.</summary>
internal sealed record ProcessColumn(string Title, Func<ProcessSnapshot, ProcessTableFacts, string> Show)
{
    private const ulong TicksPerSecond = 100;

    private static readonly Dictionary<string, ProcessColumn> s_byName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["pid"] = new("PID", (p, _) => Text(p.Pid)),
        ["ppid"] = new("PPID", (p, _) => Text(p.ParentPid)),
        ["pgid"] = new("PGID", (p, _) => Text(p.GroupId)),
        ["sid"] = new("SID", (p, _) => Text(p.SessionId)),
        ["user"] = new("USER", (p, f) => User(p.UserId, f)),
        ["ruser"] = new("RUSER", (p, f) => User(p.RealUserId, f)),
        ["uid"] = new("UID", (p, _) => Text(p.UserId)),
        ["gid"] = new("GID", (p, _) => Text(p.RealGroupId)),
        ["c"] = new("C", (p, f) => Text(Math.Min(99, Share(p, f) / 10))),
        ["pcpu"] = new("%CPU", (p, f) => Tenths(Share(p, f))),
        ["pmem"] = new("%MEM", (p, f) => Tenths(f.MachineMemory == 0 ? 0 : p.ResidentBytes * 1000 / f.MachineMemory)),
        ["vsz"] = new("VSZ", (p, _) => Text(p.VirtualBytes / 1024)),
        ["rss"] = new("RSS", (p, _) => Text(p.ResidentBytes / 1024)),
        ["tty"] = new("TT", (p, _) => Terminal(p.TerminalNumber)),
        ["stat"] = new("STAT", (p, _) => Status(p)),
        ["s"] = new("S", (p, _) => p.State.ToString()),
        ["ni"] = new("NI", (p, _) => Text(p.Nice)),
        ["pri"] = new("PRI", (p, _) => Text(39 - p.Priority)),
        ["nlwp"] = new("NLWP", (p, _) => Text(p.Threads)),
        ["stime"] = new("STIME", Started),
        ["lstart"] = new("STARTED", (p, f) => StartOf(p, f).ToString("ddd MMM d HH:mm:ss yyyy", CultureInfo.InvariantCulture)),
        ["etime"] = new("ELAPSED", (p, f) => Elapsed(Age(p, f))),
        ["etimes"] = new("ELAPSED", (p, f) => Text(Age(p, f))),
        ["time"] = new("TIME", (p, _) => Time((p.UserTicks + p.KernelTicks) / TicksPerSecond)),
        ["comm"] = new("COMMAND", (p, _) => p.Name),
        ["args"] = new("COMMAND", (p, _) => Command(p)),
    };

    private static readonly Dictionary<string, string> s_aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["euser"] = "user", ["uname"] = "user", ["euid"] = "uid", ["egid"] = "gid", ["%cpu"] = "pcpu", ["%mem"] = "pmem", ["vsize"] = "vsz", ["rssize"] = "rss",
        ["tname"] = "tty", ["tt"] = "tty", ["state"] = "s", ["nice"] = "ni", ["thcount"] = "nlwp", ["start_time"] = "stime", ["start"] = "stime", ["cputime"] = "time",
        ["ucmd"] = "comm", ["ucomm"] = "comm", ["cmd"] = "args", ["command"] = "args", ["pgrp"] = "pgid", ["sess"] = "sid", ["session"] = "sid", ["ruid"] = "uid", ["rgid"] = "gid",
    };

    // "cmd" and its kin show the same and are titled as they are called.
    private static readonly HashSet<string> s_titledByAlias = new(StringComparer.OrdinalIgnoreCase) { "cmd", "command", "euid", "euser", "cputime", "start" };

    public bool IsLast => Title is "COMMAND" or "CMD";

    /// <summary>Null when there is no such column.</summary>
    public static ProcessColumn? Named(string name, string? title = null)
    {
        var known = s_byName.GetValueOrDefault(s_aliases.GetValueOrDefault(name, name));
        if (title is null && known is not null && s_titledByAlias.Contains(name)) title = name == "cputime" ? "TIME" : name == "start" ? "STARTED" : name.ToUpperInvariant();
        return title is null || known is null ? known : known with { Title = title };
    }

    private static string Text<T>(T number) where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);

    private static string User(uint id, ProcessTableFacts facts) => facts.Users.GetValueOrDefault(id) ?? Text(id);

    private static ulong Age(ProcessSnapshot p, ProcessTableFacts facts) => facts.UpTicks > p.StartTicks ? (facts.UpTicks - p.StartTicks) / TicksPerSecond : 0;

    // Of one processor over the process's life, in thousandths.
    private static ulong Share(ProcessSnapshot p, ProcessTableFacts facts) => Age(p, facts) is > 0 and var age ? (p.UserTicks + p.KernelTicks) * 1000 / TicksPerSecond / age : 0;

    private static string Tenths(ulong thousandths) => $"{thousandths / 10}.{thousandths % 10}";

    private static string Terminal(int number)
    {
        if (number == 0) return "?";
        var (major, minor) = ((number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00));
        return major is >= 136 and <= 143 ? $"pts/{((major - 136) << 8) + minor}" : major == 4 ? $"tty{minor}" : major == 5 && minor == 1 ? "console" : "?";
    }

    private static string Status(ProcessSnapshot p) => $"{p.State}{(p.Nice < 0 ? "<" : p.Nice > 0 ? "N" : "")}{(p.SessionId == p.Pid ? "s" : "")}{(p.Threads > 1 ? "l" : "")}";

    private static DateTimeOffset StartOf(ProcessSnapshot p, ProcessTableFacts facts) => (facts.Now - TimeSpan.FromSeconds(Age(p, facts))).ToLocalTime();

    private static string Started(ProcessSnapshot p, ProcessTableFacts facts)
    {
        var start = StartOf(p, facts);
        var now = facts.Now.ToLocalTime();
        return start.ToString(start.Year != now.Year ? "yyyy" : start.Date != now.Date ? "MMMdd" : "HH:mm", CultureInfo.InvariantCulture);
    }

    private static string Time(ulong seconds) => seconds >= 86400 ? $"{seconds / 86400}-{seconds / 3600 % 24:00}:{seconds / 60 % 60:00}:{seconds % 60:00}" : $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}";

    private static string Elapsed(ulong seconds) => seconds >= 3600 ? Time(seconds) : $"{seconds / 60:00}:{seconds % 60:00}";

    private static string Command(ProcessSnapshot p) => p.Arguments.Length > 0 ? p.Arguments : p.State == 'Z' ? $"[{p.Name}] <defunct>" : $"[{p.Name}]";
}
