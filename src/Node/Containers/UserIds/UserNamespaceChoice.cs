using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.Node.Containers.UserIds;

/// <summary>Whether a new container gets a user namespace, and whose: its own ids in the profile strict, the daemon's with <c>userns-remap</c>, another's where it shares that one's namespaces.</summary>
internal sealed class UserNamespaceChoice(ContainerTable containers, UserNamespace? remap, UserIdPool pool)
{
    /// <summary>What was taken from the pool for the namespace is given back by <paramref name="release"/>, once it is in a record or nobody's.</summary>
    /// <exception cref="EngineException">In dockerd's words: what was asked for cannot be in a user namespace, and the daemon gives all containers one.</exception>
    public UserNamespace? Of(HostConfig host, out Action release)
    {
        release = () => { };
        var strict = SecurityProfile.IsStrict(host);
        if (host.UsernsMode == "host" || host.Runtime == ContainerDefaults.MachineRuntime || (!strict && remap is null)) return null;
        if (SharesHost(host) is { } refusal) return strict && remap is null ? null : throw new EngineException(ErrorKind.InvalidArgument, refusal);
        var shared = NamespaceMode.SharedContainers(host).Select(containers.Find).ToList();
        if (shared.Count > 0) return With(shared, strict && remap is null);
        if (!strict) return remap;
        var ids = pool.Take();
        release = () => pool.Release(ids);
        return UserNamespace.Of(ids) with { ShiftsBinds = true };
    }

    // Whoever makes a namespace is root over what is made in it only if that is all the container has.
    private static string? SharesHost(HostConfig host) =>
        host.Privileged ? "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode"
        : host.NetworkMode == "host" ? "cannot share the host's network namespace when user namespaces are enabled"
        : host.PidMode == "host" ? "cannot share the host PID namespace when user namespaces are enabled"
        : host.IpcMode == "host" ? "cannot share the host IPC namespace when user namespaces are enabled" : null;

    private static UserNamespace? With(List<Container> others, bool mayGoWithout)
    {
        var first = others[0].Record.UserNamespace;
        foreach (var other in others)
            if (other.Record.UserNamespace is var space && (space is null != first is null || (space is not null && !space.HasIdsOf(first!))))
                throw new EngineException(ErrorKind.Conflict, $"containers {others[0].Name} and {other.Name} have different user namespaces, and one container cannot share both");
        if (first is null && !mayGoWithout) throw new EngineException(ErrorKind.Conflict, $"container {others[0].Name} is in the host's user namespace: who shares its namespaces must be too (--userns host)");
        return first is null ? null : first with { KeepsOwnersInside = false };
    }
}
