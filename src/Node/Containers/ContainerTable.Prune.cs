using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class ContainerTable
{
    /// <summary>Removes the containers that do not run, of those <paramref name="wanted"/> allows; their ids and how much space they took.</summary>
    public async Task<(IReadOnlyList<string> Ids, long Bytes)> PruneAsync(Func<Container, bool> wanted, CancellationToken cancel = default)
    {
        var (ids, bytes) = (new List<string>(), 0L);
        foreach (var container in List())
        {
            cancel.ThrowIfCancellationRequested();
            if (container.State.Status is not (ContainerStatus.Created or ContainerStatus.Exited or ContainerStatus.Dead) || !wanted(container)) continue;
            var size = container.ChangedBytes();
            try { await container.RemoveAsync(force: false, removeVolumes: false, cancel); }
            // Started or removed by somebody else since we looked.
            catch (EngineException error) when (error.Kind is ErrorKind.Conflict or ErrorKind.NotFound) { continue; }
            ids.Add(container.Id);
            bytes += size;
        }
        engine.Events.Publish("container", "prune", "", new Dictionary<string, string> { ["reclaimed"] = bytes.ToString() });
        return (ids, bytes);
    }
}
