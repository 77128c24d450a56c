using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary>Stays with a process until its end: passes signals on to it, and serves its terminal with ours.</summary>
internal static class Foreground
{
    // Raw numbers where .NET has no name for a signal: USR1 and USR2.
    private static readonly PosixSignal[] s_forwarded = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT, (PosixSignal)10, (PosixSignal)12];

    /// <returns>The exit status, or 128 and the signal.</returns>
    public static int Wait(LaunchedProcess process, bool servesTerminal)
    {
        var registered = new List<PosixSignalRegistration>();
        try
        {
            foreach (var signal in s_forwarded)
                registered.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    ProcessDescriptor.Signal(process.PidFd, NumberOf(context.Signal));
                }));
            if (!servesTerminal || process.Terminal is not { } terminal) return ProcessDescriptor.Wait(process.PidFd).Code;
            registered.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => FollowSize(terminal)));
            FollowSize(terminal);
            using (TerminalMode.IsTerminal(0) ? TerminalMode.MakeRaw(0) : null) Relay(terminal, process.PidFd);
            return ProcessDescriptor.Wait(process.PidFd).Code;
        }
        finally
        {
            foreach (var registration in registered) registration.Dispose();
        }
    }

    // Until the process has ended and everything it wrote was passed on. A terminal whose last program is gone answers EIO.
    private static void Relay(SafeFileHandle terminal, SafeFileHandle process)
    {
        using var input = new SafeFileHandle(0, ownsHandle: false);
        using var output = new SafeFileHandle(1, ownsHandle: false);
        Span<byte> buffer = stackalloc byte[8192];
        Span<PollEntry> entries = [new(0, PollEvents.Readable), new((int)terminal.DangerousGetHandle(), PollEvents.Readable), new((int)process.DangerousGetHandle(), PollEvents.Readable)];
        while (true)
        {
            Poll.Wait(entries, -1);
            if (entries[1].Happened != 0)
            {
                if (Descriptors.Read(terminal, buffer, out _) is > 0 and var read) Pipe.WriteAll(output, buffer[..read]);
                else if ((entries[1].Happened & PollEvents.HangUp) != 0) return;
            }
            // Only when the terminal has nothing more to say: its last words come before the end is seen.
            else if (entries[2].Happened != 0) return;
            if (entries[0].Happened == 0) continue;
            if (Descriptors.Read(input, buffer, out _) is > 0 and var typed) Pipe.WriteAll(terminal, buffer[..typed]);
            else
            {
                // The end of what is typed is for the programs there to see, as a key would say it.
                Pipe.WriteAll(terminal, [4]);
                entries[0] = new PollEntry(-1, PollEvents.None);
            }
        }
    }

    private static void FollowSize(SafeFileHandle terminal)
    {
        if (TerminalMode.Size(0) is { } size) Terminals.Resize(terminal, size.Rows, size.Columns);
    }

    private static int NumberOf(PosixSignal signal) => signal switch { PosixSignal.SIGHUP => 1, PosixSignal.SIGINT => 2, PosixSignal.SIGQUIT => 3, PosixSignal.SIGTERM => 15, var raw => (int)raw };
}
