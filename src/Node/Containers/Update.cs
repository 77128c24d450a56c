using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>Changes limits and the restart policy, of a running container too. What the change leaves at zero or null stays as it is.</summary>
    public async Task UpdateAsync(HostConfig change, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status is ContainerStatus.Removing or ContainerStatus.Dead) throw new EngineException(ErrorKind.Conflict, $"cannot update container {Id}: container is marked for removal and cannot be \"update\"");
            if (change.RestartPolicy is { Name.Length: > 0 } policy)
            {
                if (HostConfig.AutoRemove && policy.Name != "no") throw new EngineException(ErrorKind.InvalidArgument, "Restart policy cannot be updated because AutoRemove is enabled for the container");
                Validation.RestartPolicy(policy, autoRemove: false);
            }
            var host = HostConfigChange.Apply(HostConfig, change);
            ResourceChecks.Check(host);
            if (State.IsLive) LiveLimits.Apply(Cgroup, HostConfig, host);
            await SaveAsync(_record with { HostConfig = host });
        }
        Publish("update");
    }
}
