namespace Yun.Node.Logs.Targets;

/// <summary>Where a log driver sends records besides the container's own log file. One forwarder uses it, one record after the other.</summary>
internal interface ILogTarget : IDisposable
{
    /// <exception cref="IOException">It did not arrive, as far as can be known, and shall be sent again.</exception>
    ValueTask SendAsync(LogEntry entry, CancellationToken cancel);
}
