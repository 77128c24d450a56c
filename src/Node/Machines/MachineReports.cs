using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>Something that happened to a machine, as its monitor says.</summary>
/// <param name="Name">One of <see cref="MachineReports.Names"/>.</param>
internal sealed record MachineReport(string Name, DateTimeOffset At, string Cause);

/// <summary>
/// Hears what the monitor of an image's machine says: how its start went, and what happens to it later. It comes from a sandbox that holds a stranger's machine, so lines are
/// short, one connection is heard at a time, and not many lines in a second.
/// </summary>
internal sealed class MachineReports : IAsyncDisposable
{
    /// <summary>Where the sandbox has the socket.</summary>
    public const string FolderInside = "/vm/report";

    /// <summary>What can happen; the last four are how it ends.</summary>
    public static readonly string[] Names = ["boot-retry", "cold-start", "unresponsive", "responsive", "oom", "panic", "watchdog", "lost", "off"];

    private const string SocketName = "report.sock";
    private const int LineBytesMax = 4096, CauseMax = 1024;
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(100), s_lastMax = TimeSpan.FromSeconds(1);

    private readonly SandboxListener _listener;
    private readonly Action<MachineReport> _happened;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _hearing;
    private volatile Task _reading = Task.CompletedTask;

    /// <param name="user">The sandbox's.</param>
    /// <param name="happened">Returns at once.</param>
    public MachineReports(string folder, uint user, Action<MachineReport> happened)
    {
        (Folder, _happened) = (folder, happened);
        _listener = new SandboxListener(folder, SocketName, user);
        _hearing = HearAsync();
    }

    public string Folder { get; }

    /// <summary>Returns when the machine's first process runs.</summary>
    /// <exception cref="EngineException">It does not, and why.</exception>
    public Task StartedAsync(CancellationToken cancel) => _started.Task.WaitAsync(cancel);

    /// <summary>The monitor has ended: takes what it said last, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(_reading, Task.Delay(s_lastMax));
        await _closing.CancelAsync();
        await _hearing;
        _started.TrySetCanceled();
        _listener.Dispose();
        _closing.Dispose();
        SandboxSocket.Remove(Folder);
    }

    private async Task HearAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                using var monitor = await _listener.AcceptAsync(_closing.Token);
                await (_reading = ReadAsync(monitor));
                _started.TrySetException(new EngineException(ErrorKind.Internal, "the virtual machine ended before it had said how its start went"));
            }
            catch (OperationCanceledException) { }
            catch (Exception broken) when (broken is SocketException or IOException) { await Task.Delay(s_between, CancellationToken.None); }
        }
    }

    private async Task ReadAsync(Socket monitor)
    {
        await using var stream = new NetworkStream(monitor);
        var reader = PipeReader.Create(stream);
        while (true)
        {
            var read = await reader.ReadAsync(_closing.Token);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                Take(Printable(Encoding.UTF8.GetString(buffer.Slice(0, end))));
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                await Task.Delay(s_between, _closing.Token);
            }
            if (read.IsCompleted || buffer.Length > LineBytesMax) return;
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private void Take(string line)
    {
        if (line == "started") _started.TrySetResult();
        else if (line.Split(' ', 3) is ["failed", _, var message]) _started.TrySetException(new EngineException(ErrorKind.Internal, message));
        else if (line.Split(' ', 4) is ["event", var name, var at, var cause] && Names.Contains(name) && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds < 1L << 45)
            _happened(new MachineReport(name, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), cause.Length > CauseMax ? cause[..CauseMax] : cause));
    }

    // It reaches a person's terminal.
    private static string Printable(string line) => string.Concat(line.Where(sign => !char.IsControl(sign)));
}
