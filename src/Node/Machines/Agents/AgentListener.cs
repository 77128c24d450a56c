using System.Net.Sockets;

namespace Yun.Node.Machines.Agents;

/// <summary>Where QEMU connects the port of a machine's guest agent to, and again when the daemon was away (<see cref="SandboxListener"/>). That it has connected does not mean that an agent listens.</summary>
internal sealed class AgentListener : IAsyncDisposable
{
    /// <summary>The socket's name in its directory.</summary>
    public const string SocketName = "agent.sock";

    private readonly SandboxListener _listener;
    private readonly string _name;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;
    private GuestAgent? _agent;

    /// <param name="user">QEMU's: nobody else's connection is taken.</param>
    /// <param name="name">The machine's, for errors.</param>
    public AgentListener(string directory, uint user, string name)
    {
        (_name, _listener) = (name, new SandboxListener(directory, SocketName, user));
        _accepting = AcceptAsync();
    }

    /// <summary>The port, when QEMU has connected it.</summary>
    public async Task<GuestAgent> AgentAsync(CancellationToken cancel)
    {
        await _first.Task.WaitAsync(cancel);
        return _agent!;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        _first.TrySetCanceled();
        _agent?.Dispose();
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
                Interlocked.Exchange(ref _agent, new GuestAgent(new NetworkStream(socket, ownsSocket: true), _name))?.Dispose();
                _first.TrySetResult();
            }
            catch (OperationCanceledException) { }
            catch (SocketException) { await Task.Delay(20, CancellationToken.None); }
        }
    }
}
