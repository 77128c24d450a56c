using Yun.Node.Keeper;
using Yun.Node.Logs;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>
    /// Connects a client to the container's streams. One that is attached before the start misses nothing of it. Disposing of what is returned detaches.
    /// </summary>
    /// <exception cref="EngineException">409: it is paused or between two tries of its restart policy.</exception>
    public async Task<KeptAttachment> AttachAsync(bool stdin, bool stdout, bool stderr, CancellationToken cancel = default)
    {
        if (State.Status == ContainerStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"container {Id} is paused, unpause the container before attach");
        if (State.Status == ContainerStatus.Restarting) throw new EngineException(ErrorKind.Conflict, $"container {Id} is restarting, wait until the container is running");
        // The keeper would take the last run, which it may not have been told to forget yet, for the one that is meant.
        if (!State.IsLive) await _settled.WaitAsync(cancel);
        var attachment = await Engine.Keeper.AttachAsync(Id, stdin && Config.OpenStdin, stdout, stderr, cancel);
        Publish("attach");
        return attachment;
    }

    /// <summary>Sets the terminal's size.</summary>
    public async Task ResizeAsync(int rows, int columns, CancellationToken cancel = default)
    {
        RequireLive();
        await Engine.Keeper.ResizeAsync(Id, rows, columns, cancel);
        Publish("resize", ("height", $"{rows}"), ("width", $"{columns}"));
    }

    /// <summary>Its log, from the files that the keeper writes.</summary>
    /// <exception cref="EngineException">It keeps no log.</exception>
    public LogReader ReadLog(LogQuery query)
    {
        if (HostConfig.LogConfig?.Type == "none") throw new EngineException(ErrorKind.InvalidArgument, "configured logging driver does not support reading");
        // The wait stands before the state is looked at, so that an exit in between is not waited for.
        var stopped = WaitAsync(WaitCondition.NextExit, Engine.Stopping);
        return new LogReader(LogPath, query with { Follow = query.Follow && State.IsLive }, stopped, Engine.DirectoryWatcher, Engine.Time);
    }
}
