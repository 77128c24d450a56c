using Yun.Node.Logs;
using Yun.Node.Logs.Targets;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    // A server that does not answer holds up no container's end for longer.
    private static readonly TimeSpan s_forwardMax = TimeSpan.FromSeconds(5);
    private LogForwarder? _forwarder;

    /// <summary>Null for a driver that writes files only.</summary>
    /// <exception cref="EngineException">Nobody answers there: better said when the container is started than found out when its log is missed.</exception>
    private async Task<ILogTarget?> ConnectLogTargetAsync(CancellationToken cancel)
    {
        if (!LogSettings.IsForwarded(HostConfig.LogConfig)) return null;
        try { return await ConnectAsync(cancel); }
        catch (IOException error) { throw new EngineException(ErrorKind.Internal, $"failed to initialize logging driver: {error.Message}", error); }
    }

    /// <param name="target">Null where it is not connected yet.</param>
    private void StartForwarding(ILogTarget? target)
    {
        if (!LogSettings.IsForwarded(HostConfig.LogConfig)) return;
        _forwarder?.Abandon();
        _forwarder = new LogForwarder(LogPath, Path.Combine(Directory, "log-sent"), target, ConnectAsync, Engine.DirectoryWatcher, Engine.Log, Engine.Time, Engine.Stopping);
        Engine.Track(_forwarder.Done);
    }

    /// <summary>The keeper has written the last of the log.</summary>
    private async Task FinishForwardingAsync()
    {
        // It ended while no daemon looked.
        if (_forwarder is null) StartForwarding(null);
        if (_forwarder is not { } forwarder) return;
        forwarder.Stop();
        await Task.WhenAny(forwarder.Done, Task.Delay(s_forwardMax, Engine.Time));
        if (forwarder.Done.IsCompleted) _forwarder = null;
    }

    private async Task<ILogTarget> ConnectAsync(CancellationToken cancel)
    {
        var source = LogSettings.SourceOf(this);
        return HostConfig.LogConfig!.Type == LogSettings.Journald ? new JournalTarget(source)
            : await SyslogTarget.ConnectAsync(SyslogOptions.Parse(HostConfig.LogConfig.Config ?? []), source, cancel);
    }
}
