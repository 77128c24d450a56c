using System.Net.Http;
using Grpc.Core;
using Grpc.Net.Client;
using Yun.DockerApi.Streams;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>A client's session: over its connection it is the client that answers, and the builder that asks.</summary>
internal sealed class BuildSession : IAsyncDisposable
{
    private const int MessageBytesMax = 16 << 20;

    private readonly SessionOffer _offer;
    private readonly GrpcChannel _channel;

    public BuildSession(SessionOffer offer, HijackedConnection connection)
    {
        _offer = offer;
        Ended = connection.Ended;
        var stream = new PipesStream(connection.Input, connection.Output);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(stream.Take()),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 4 << 20,
        };
        _channel = GrpcChannel.ForAddress("http://session", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = MessageBytesMax });
        Invoker = _channel.CreateCallInvoker();
    }

    /// <summary>The client is gone.</summary>
    public CancellationToken Ended { get; }

    public CallInvoker Invoker { get; }

    public bool Offers(string service, string method) => _offer.Methods.Contains($"/{service}/{method}");

    /// <exception cref="EngineException">The client does not answer that.</exception>
    public CallInvoker InvokerOf(string service, string method) => Offers(service, method) ? Invoker
        : throw new EngineException(ErrorKind.InvalidArgument, $"the client does not offer {service}/{method} in its session");

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
