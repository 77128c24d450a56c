namespace Yun.Commands.Api;

/// <summary>A connection that has become a container's standard streams: what is read are its outputs, what is written is its input.</summary>
public sealed class HijackedStream : IDisposable
{
    private readonly ApiConnection _connection;

    internal HijackedStream(ApiConnection connection, string? contentType) => (_connection, IsMultiplexed) = (connection, contentType switch
    {
        "application/vnd.docker.multiplexed-stream" => true,
        "application/vnd.docker.raw-stream" => false,
        _ => null,
    });

    /// <summary>Whether outputs come in frames; null when the daemon did not say.</summary>
    public bool? IsMultiplexed { get; }

    public int Read(Span<byte> buffer) => _connection.Read(buffer);

    public void Write(ReadOnlySpan<byte> bytes) => _connection.Send(bytes);

    /// <summary>The end of the input; outputs go on.</summary>
    public void CloseWrite() => _connection.CloseWrite();

    public void Dispose() => _connection.Dispose();
}
