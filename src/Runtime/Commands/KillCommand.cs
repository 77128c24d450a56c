using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>kill ID [SIGNAL]</c>: SIGTERM unless told otherwise; <c>--all</c> sends it to every process of the container.</summary>
internal static class KillCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var all = false;
        bool Take(string name, Func<string> value) => name is "--all" or "-a" && (all = true);
        line.Options(Take);
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        line.Options(Take);
        var signal = SignalNames.NumberOf(line.Next() ?? "TERM") ?? throw new UsageException("that is not a signal; write a number or a name such as TERM");
        if (all)
        {
            foreach (var pid in Cgroup.At(state.CgroupPath).Processes()) Signals.Send(pid, signal);
            return 0;
        }
        if (state.Status(settings) == "stopped") throw new UsageException($"container {state.Id} is not running");
        using var process = ProcessDescriptor.Open(state.Pid);
        // The pid may have gone to another process before the descriptor was opened; once it is open it cannot.
        if (ProcessTimes.StartTime(state.Pid) != state.StartTime || ProcessDescriptor.Signal(process, signal) == Errno.ESRCH) throw new UsageException($"container {state.Id} is not running");
        return 0;
    }
}
