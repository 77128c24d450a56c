using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    public Task PauseAsync(CancellationToken cancel = default) => FreezeAsync(ContainerAction.Pause, cancel);

    public Task UnpauseAsync(CancellationToken cancel = default) => FreezeAsync(ContainerAction.Unpause, cancel);

    private async Task FreezeAsync(ContainerAction action, CancellationToken cancel)
    {
        using (await TakeTurnAsync(cancel))
        {
            var pauses = action == ContainerAction.Pause;
            if (State.Status == ContainerStatus.Restarting) throw new EngineException(ErrorKind.Conflict, $"Container {Id} is restarting, wait until the container is running");
            if (!State.IsLive) throw new EngineException(ErrorKind.Conflict, $"Container {Id} is not running");
            if (pauses == (State.Status == ContainerStatus.Paused)) throw new EngineException(ErrorKind.Conflict, pauses ? $"Container {Id} is already paused" : $"Container {Id} is not paused");
            try { Cgroup.Freeze(pauses); }
            catch (SyscallException error) { throw new EngineException(ErrorKind.Internal, $"Cannot {(pauses ? "pause" : "unpause")} container {Id}: {error.Message}", error); }
            SaveSoon(_record with { State = State with { Status = ContainerLife.Next(State.Status, action) } });
        }
        Publish(action == ContainerAction.Pause ? "pause" : "unpause");
    }
}
