using System.Net.Sockets;

namespace Yun.Node.Builds;

/// <summary>A socket that a RUN takes for an SSH agent: each connection to it goes on to the agent on the client's side. The keys never come here.</summary>
internal sealed class AgentSocket : IDisposable
{
    /// <summary>What an agent without a name is called.</summary>
    public const string DefaultId = "default";

    private readonly Socket _socket;
    private readonly Func<CancellationToken, Task<Stream>> _connect;
    private readonly CancellationTokenSource _closed = new();

    private AgentSocket(Socket socket, Func<CancellationToken, Task<Stream>> connect) => (_socket, _connect) = (socket, connect);

    public static AgentSocket Listen(string path, Func<CancellationToken, Task<Stream>> connect)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen();
        var agent = new AgentSocket(socket, connect);
        _ = agent.AcceptAsync();
        return agent;
    }

    public void Dispose()
    {
        _closed.Cancel();
        _socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ForwardAsync(await _socket.AcceptAsync(_closed.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    // A connection that breaks is an agent that does not answer: the command says so itself.
    private async Task ForwardAsync(Socket accepted)
    {
        try
        {
            await using var near = new NetworkStream(accepted, ownsSocket: true);
            await using var far = await _connect(_closed.Token);
            var there = near.CopyToAsync(far, _closed.Token);
            await await Task.WhenAny(there, far.CopyToAsync(near, _closed.Token));
        }
        catch (Exception) { }
    }
}
