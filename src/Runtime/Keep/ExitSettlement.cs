using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Protocol;

namespace Yun.Runtime.Keep;

/// <summary>What is done with an ended process before anybody is told, on a thread that may wait for the disk and the kernel.</summary>
internal sealed class ExitSettlement(KeeperExit exit, string? path, string? cgroupPath)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Cgroup? _cgroup = cgroupPath is { Length: > 0 } ? Cgroup.At(cgroupPath) : null;

    /// <summary>The file is there whole or not at all, whatever happens: a keeper that dies after the reaping has left the code behind.</summary>
    public void Record()
    {
        exit.OomKilled = _cgroup is not null && OomKills(_cgroup) > 0;
        if (path is null) return;
        var temporary = path + ".new";
        try
        {
            using (var file = PathDescriptor.Open(null, temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, mode: 0x180))
            {
                Pipe.WriteAll(file, ReplyWriter.Write(exit));
                Descriptors.Sync(file, temporary);
            }
            Files.Rename(temporary, path);
            using var directory = PathDescriptor.Open(null, Path.GetDirectoryName(path)!, OpenFlags.ReadOnly | OpenFlags.Directory);
            Descriptors.Sync(directory, path);
        }
        catch (SyscallException error)
        {
            // A daemon that is connected still gets it; with a full disk there is no more to be done.
            Journal.Write($"exit {exit.ExitCode} of {exit.ProcessId} is not recorded: {error.Message}");
        }
    }

    /// <summary>Kills what has outlived the container's first process, as can be when it shares a PID namespace, and removes the cgroup.</summary>
    public void EmptyCgroup()
    {
        if (_cgroup is null) return;
        var due = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        try
        {
            for (var wait = 1; !_cgroup.TryRemove(); wait = Math.Min(wait * 2, 100))
            {
                if (Environment.TickCount64 > due)
                {
                    Journal.Write($"container {exit.ContainerId} has processes that do not die; its cgroup is {cgroupPath}");
                    return;
                }
                if (_cgroup.IsFrozen) _cgroup.Freeze(false);
                _cgroup.Kill();
                Thread.Sleep(wait);
            }
        }
        catch (SyscallException error)
        {
            Journal.Write($"cgroup {cgroupPath} is left behind: {error.Message}");
        }
    }

    private static long OomKills(Cgroup cgroup)
    {
        // "oom_kill N" is in memory.events of v2 and, since Linux 4.13, in memory.oom_control of v1.
        if (cgroup.DirectoryOf("memory") is not { } directory) return 0;
        foreach (var name in (ReadOnlySpan<string>)["memory.events", "memory.oom_control"])
        {
            if (KernelFile.TryRead(Path.Combine(directory, name)) is not { } text) continue;
            foreach (var line in text.Split('\n'))
                if (line.StartsWith("oom_kill ", StringComparison.Ordinal)) return long.TryParse(line.AsSpan(9), out var count) ? count : 0;
        }
        return 0;
    }
}
