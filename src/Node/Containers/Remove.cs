using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>Removes it with all that is its own.</summary>
    /// <param name="force">Kill it first if it runs.</param>
    /// <param name="removeVolumes">Take along the volumes that were made for it and have no name.</param>
    public async Task RemoveAsync(bool force, bool removeVolumes, CancellationToken cancel = default)
    {
        if (State.IsLive || State.Status == ContainerStatus.Restarting)
        {
            if (!force) throw Refused();
            await EndForRemovalAsync(cancel);
        }
        using (await TakeTurnToEndAsync(cancel))
        {
            // It may have been removed while we waited for the turn, by --rm or by somebody else.
            if (_removed.Task.IsCompletedSuccessfully) return;
            if (State.Status == ContainerStatus.Removing) throw new EngineException(ErrorKind.Conflict, $"removal of container {Id} is already in progress");
            if (State.IsLive) throw Refused();
            await RemoveInTurnAsync(removeVolumes);
        }
    }

    private EngineException Refused() => new(ErrorKind.Conflict, State.Status == ContainerStatus.Paused
        ? $"cannot remove container \"/{Name}\": container is paused and must be unpaused first"
        : $"cannot remove container \"/{Name}\": container is {State.Word}: stop the container before removing or force remove");

    private async Task EndForRemovalAsync(CancellationToken cancel)
    {
        Task<WaitResult> exit;
        using (await TakeTurnToEndAsync(cancel))
        {
            if (State.Status == ContainerStatus.Restarting)
            {
                EndRetrying();
                return;
            }
            if (!State.IsLive) return;
            exit = WaitAsync(WaitCondition.NextExit, cancel);
            SignalInTurn(KillSignal, stops: true);
        }
        Publish("kill", ("signal", "9"));
        await KillAndWaitAsync(exit, cancel);
    }

    /// <summary>
    /// The caller holds the turn and nothing runs. A crash on the way leaves a record without a directory or a directory without a record, and the next
    /// start of the daemon removes either.
    /// </summary>
    private async Task RemoveInTurnAsync(bool removeVolumes, bool waitForDisk = true)
    {
        CancelRetry();
        var before = _record;
        _record = before with { State = before.State with { Status = ContainerLife.Next(before.State.Status, ContainerAction.Remove) } };
        try
        {
            await Engine.Volumes.ReleaseAsync(Id, before.Mounts, removeVolumes);
            Engine.Trash.Throw(Directory);
        }
        catch (Exception error) when (error is SyscallException or IOException or UnauthorizedAccessException or EngineException)
        {
            SaveSoon(_record with { State = State with { Status = ContainerLife.Next(State.Status, ContainerAction.FailRemove), Error = error.Message } });
            throw new EngineException(ErrorKind.Internal, $"container {Id}: failed to remove its files: {error.Message}", error);
        }
        ReleaseImage();
        Engine.Containers.Forget(this);
        _writing = DeleteRecordAsync(_writing);
        if (waitForDisk) await _writing;
        Publish("destroy");
        _removed.TrySetResult(new WaitResult(before.State.ExitCode));
    }

    private async Task DeleteRecordAsync(Task before)
    {
        await Ignore(before);
        await Engine.Containers.DeleteAsync(Id);
        if (_isUnsettled) await Engine.Keeper.ForgetAsync(Id);
    }
}
