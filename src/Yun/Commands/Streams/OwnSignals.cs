using System.Runtime.InteropServices;
using Yun.Commands.Api;

namespace Yun.Commands.Streams;

/// <summary>Signals sent to this program.</summary>
public static class OwnSignals
{
    private const int Hangup = 1, Interrupt = 2, Quit = 3, User1 = 10, User2 = 12, Alarm = 14, Terminate = 15, Continue = 18, WindowChange = 28;

    public static IReadOnlyList<int> Ending { get; } = [Hangup, Terminate];

    // SIGCHLD, SIGPIPE and SIGURG are our own affair; SIGKILL and SIGSTOP cannot be caught.
    private static readonly int[] s_forwarded = [Hangup, Interrupt, Quit, User1, User2, Alarm, Terminate, Continue];

    public static IDisposable On(int signal, Action action) => PosixSignalRegistration.Create((PosixSignal)Portable(signal), context =>
    {
        context.Cancel = true;
        action();
    });

    /// <summary>Sends the container what we are sent.</summary>
    public static IDisposable Forward(ApiClient api, string container) => new Registrations([.. s_forwarded.Select(signal => On(signal, () =>
    {
        try
        {
            api.Do("POST", $"/containers/{container}/kill?signal={signal}");
        }
        catch (Exception error) when (error is ApiException or ConnectException)
        {
            // It has ended, or has not begun.
        }
    }))]);

    /// <summary>Calls with the terminal's size now and at every change.</summary>
    public static IDisposable OnResize(Action<ushort, ushort> resize)
    {
        void Tell()
        {
            if (Linux.TerminalMode.Size(1) is var (rows, columns)) resize(rows, columns);
        }
        Tell();
        return On(WindowChange, Tell);
    }

    // .NET names the common signals by negative numbers of its own.
    private static int Portable(int signal) => signal switch
    {
        Hangup => (int)PosixSignal.SIGHUP,
        Interrupt => (int)PosixSignal.SIGINT,
        Quit => (int)PosixSignal.SIGQUIT,
        Terminate => (int)PosixSignal.SIGTERM,
        Continue => (int)PosixSignal.SIGCONT,
        WindowChange => (int)PosixSignal.SIGWINCH,
        _ => signal,
    };

    private sealed class Registrations(IDisposable[] all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var one in all) one.Dispose();
        }
    }
}
