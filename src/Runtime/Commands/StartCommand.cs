using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary><c>start ID</c>: lets a created container's program begin.</summary>
internal static class StartCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        var status = state.Status(settings);
        if (status != "created") throw new UsageException($"cannot start a container that is {status}: {state.Id}; it must be created");
        var path = ContainerState.GateOf(settings, state.Id);
        using var gate = PathDescriptor.Open(null, path, OpenFlags.ReadWrite);
        // Removed before the byte is written: of two starts at once, one finds nothing to remove.
        if (!Files.TryRemove(path)) throw new UsageException($"container {state.Id} is being started already");
        if (state.HasHooks) ContainerHooks.Starting(state);
        Pipe.WriteAll(gate, [1]);
        if (state.HasHooks) ContainerHooks.Started(state);
        return 0;
    }
}
