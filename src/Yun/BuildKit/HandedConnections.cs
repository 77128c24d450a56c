using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Yun.DockerApi.Streams;

namespace Yun.BuildKit;

/// <summary>A transport without a socket: connections that another server has accepted, and whose clients have asked for HTTP/2.</summary>
internal sealed class HandedConnections : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext> _waiting = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint { get; } = new NamedEndPoint();

    /// <summary>Has the connection served until it ends.</summary>
    public Task ServeAsync(HijackedConnection connection)
    {
        var handed = new Handed(connection);
        if (!_waiting.Writer.TryWrite(handed)) handed.Abort();
        return handed.Ended;
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => ValueTask.FromResult<IConnectionListener>(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _waiting.Reader.WaitToReadAsync(cancellationToken) && _waiting.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private sealed class NamedEndPoint : EndPoint
    {
        public override string ToString() => "connections of the Engine API";
    }

    private sealed class Handed : DefaultConnectionContext
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Handed(HijackedConnection connection) : base(Guid.NewGuid().ToString())
        {
            Transport = new Pipes(connection.Input, connection.Output);
            ConnectionClosed = connection.Ended;
        }

        public Task Ended => _ended.Task;

        public override void Abort(ConnectionAbortedException abortReason) => _ended.TrySetResult();

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _ended.TrySetResult();
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
