using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Node.Machines.Qmp;

/// <summary>Where a machine's QEMU connects to, and again when the daemon was away (<see cref="SandboxListener"/>).</summary>
internal sealed class QmpListener : IAsyncDisposable
{
    /// <summary>The socket's name in its directory.</summary>
    public const string SocketName = "qmp.sock";

    private static readonly TimeSpan s_greetingMax = TimeSpan.FromSeconds(20);

    private readonly SandboxListener _listener;
    private readonly Action<QmpEvent> _happened;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource<QmpSession> _session = New();

    /// <param name="directory">In one that only root enters. What was there from a daemon before is replaced.</param>
    /// <param name="user">QEMU's: nobody else's connection is taken.</param>
    /// <param name="happened">Returns at once.</param>
    public QmpListener(string directory, uint user, Action<QmpEvent> happened)
    {
        (_happened, _listener) = (happened, new SandboxListener(directory, SocketName, user));
        _accepting = AcceptAsync();
    }

    /// <summary>Ends when all was read that QEMU said by the connection there is, or was.</summary>
    public Task Reading { get; private set; } = Task.CompletedTask;

    /// <summary>The connection there is, or the next.</summary>
    public Task<QmpSession> SessionAsync(CancellationToken cancel) => _session.Task.WaitAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptOwnAsync(_closing.Token);
                using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
                deadline.CancelAfter(s_greetingMax);
                await using var session = await QmpSession.OpenAsync(socket, _happened, deadline.Token);
                Reading = session.Reading;
                _session.TrySetResult(session);
                await session.Reading.WaitAsync(_closing.Token);
            }
            catch (OperationCanceledException) { }
            catch (Exception failed) when (failed is EngineException or QmpException or SocketException or IOException) { await Task.Delay(20, CancellationToken.None); }
            if (_session.Task.IsCompleted) _session = New();
        }
        _session.TrySetCanceled();
    }

    private static TaskCompletionSource<QmpSession> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
