using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>kill ID [SIGNAL]</c>: SIGTERM unless told otherwise; <c>--all</c> sends it to every process of the container.</summary>
internal static class KillCommand
{
    private const int Kill = 9;

    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var all = false;
        bool Take(string name, Func<string> value) => name is "--all" or "-a" && (all = true);
        line.Options(Take);
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        line.Options(Take);
        var name = line.Next() ?? "TERM";
        // 0 asks whether the container could be signalled.
        var signal = name == "0" ? 0 : SignalNames.NumberOf(name) ?? throw new UsageException("that is not a signal; write a number or a name such as TERM");
        if (all)
        {
            var cgroup = Cgroup.At(state.CgroupPath);
            foreach (var pid in cgroup.AllProcesses()) Signals.Send(pid, signal);
            // SIGKILL has to reach those too that were made meanwhile.
            if (signal == Kill) cgroup.Kill();
            return 0;
        }
        // Nothing ends the others of a PID namespace that outlives the first process, or with it has no other end.
        if (signal == Kill && state.SharesPids && Cgroup.At(state.CgroupPath) is var shared && shared.AllProcesses().Count > 0)
        {
            if (shared.IsFrozen) shared.Freeze(false);
            shared.Kill();
            return 0;
        }
        // runc's words, which engines look for.
        if (state.Status(settings) == "stopped") throw new UsageException($"container not running: {state.Id}");
        using var process = ProcessDescriptor.Open(state.Pid);
        // The pid may have gone to another process before the descriptor was opened; once it is open it cannot.
        if (ProcessTimes.StartTime(state.Pid) != state.StartTime || ProcessDescriptor.Signal(process, signal) == Errno.ESRCH) throw new UsageException($"container not running: {state.Id}");
        // A frozen process takes its death only when it is let go on.
        if (signal == Kill && Cgroup.At(state.CgroupPath) is { IsFrozen: true } frozen) frozen.Freeze(false);
        return 0;
    }
}
