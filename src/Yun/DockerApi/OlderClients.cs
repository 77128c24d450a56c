using Yun.DockerApi.Model;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>What a request to make a container meant in the versions of the API that its client speaks, where that is not what it means today (moby, router/container).</summary>
internal static class OlderClients
{
    public static void Adjust(ContainerCreateRequest request, ApiVersion version)
    {
        var host = request.HostConfig ??= new HostConfig();
        if (version < new ApiVersion(1, 40))
        {
            if (host.IpcMode is null or "") host.IpcMode = "shareable";
            host.PidsLimit = null;
        }
        if (version >= new ApiVersion(1, 44)) return;
        if (request.NetworkingConfig?.EndpointsConfig is { Count: > 1 } endpoints)
            throw new EngineException(ErrorKind.InvalidArgument, $"Container cannot be created with multiple network endpoints: {string.Join(", ", endpoints.Keys)}");
        if (request.Healthcheck is { StartInterval: not 0 } health) health.StartInterval = 0;
        // What is mounted inside a read-only mount stayed writable.
        foreach (var mount in host.Mounts ?? [])
            if (mount is { Type: "bind", ReadOnly: true }) (mount.BindOptions ??= new BindOptions()).ReadOnlyNonRecursive = true;
        host.LeavesInnerMountsWritable = true;
    }
}
