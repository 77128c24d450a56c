using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>run ID</c>: create and start in one, without the stop between them; waits for the end unless <c>--detach</c>.</summary>
internal static class RunCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var options = new LaunchOptions();
        line.Options(options.Take);
        var id = LaunchOptions.CheckId(line.Required("the container's id"));
        if (line.Next() is { } extra) throw new UsageException($"'{extra}' is one word too many");
        using var container = NewContainer.Start(id, options, settings, startGate: -1);
        if (options.Detach) return 0;
        return WaitAndRemove(container, settings);
    }

    private static int WaitAndRemove(NewContainer container, RuntimeSettings settings)
    {
        var forwarded = new List<PosixSignalRegistration>();
        try
        {
            foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
                forwarded.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    ProcessDescriptor.Signal(container.Process.PidFd, NumberOf(context.Signal));
                }));
            return ProcessDescriptor.Wait(container.Process.PidFd).Code;
        }
        finally
        {
            foreach (var registration in forwarded) registration.Dispose();
            DeleteCommand.Remove(container.State, settings);
        }
    }

    private static int NumberOf(PosixSignal signal) => signal switch { PosixSignal.SIGHUP => 1, PosixSignal.SIGINT => 2, PosixSignal.SIGQUIT => 3, _ => 15 };
}
