using System.Globalization;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>
/// What <c>docker run --link</c> makes on the default bridge: another container's name in the hosts file, and variables that tell its ports and its environment (moby,
/// daemon/links). On a user's network a link is but a name, and stands with the endpoint.
/// </summary>
/// <param name="Container">The other's id; as it was asked, a name.</param>
/// <param name="Alias">What this container calls it.</param>
public readonly record struct LegacyLink(string Container, string Alias)
{
    /// <param name="text"><c>name</c>, <c>name:alias</c>, or as inspect shows it, <c>/name:/own/alias</c>.</param>
    public static LegacyLink Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0)) throw new EngineException(ErrorKind.InvalidArgument, $"invalid format for links: {text}");
        var name = parts[0].TrimStart('/');
        return new LegacyLink(name, parts.Length == 1 ? name : parts[1].Split('/')[^1]);
    }

    /// <summary>Links of a new container keep to the others' ids, whatever these are called later.</summary>
    internal static void Resolve(HostConfig host, ContainerTable containers)
    {
        if (host.Links is not { Count: > 0 } || IsOnUsersNetwork(host)) return;
        host.Links = [.. host.Links.Select(Parse).Select(link =>
        {
            var other = containers.TryFind(link.Container) ?? throw new EngineException(ErrorKind.InvalidArgument, $"could not get container for {link.Container}: No such container: {link.Container}");
            if (other.HostConfig.NetworkMode == NetworkNames.Host) throw new EngineException(ErrorKind.InvalidArgument, "conflicting options: host type networking can't be used with links. This would result in undefined behavior");
            return $"{other.Id}:{link.Alias}";
        })];
    }

    /// <summary>A container's links on the default bridge, with the containers they lead to; one that is gone is left out.</summary>
    internal static IEnumerable<(Container Other, string Alias)> Of(Container container)
    {
        if (container.HostConfig.Links is not { Count: > 0 } links || IsOnUsersNetwork(container.HostConfig)) yield break;
        foreach (var link in links.Select(Parse))
            if (container.Engine.Containers.TryFind(link.Container) is { } other) yield return (other, link.Alias);
    }

    /// <summary>The host configuration with links in the words of inspect: the names of now.</summary>
    public static HostConfig Shown(Container container)
    {
        if (container.HostConfig.Links is not { Count: > 0 } || IsOnUsersNetwork(container.HostConfig)) return container.HostConfig;
        var shown = HostConfigChange.Copy(container.HostConfig);
        shown.Links = [.. Of(container).Select(link => $"/{link.Other.Name}:/{container.Name}/{link.Alias}")];
        return shown;
    }

    /// <summary>The names <c>/owner/alias</c> that containers have through others' links, by id.</summary>
    public static ILookup<string, string> Names(ContainerTable containers) =>
        containers.List().SelectMany(owner => Of(owner).Select(link => (link.Other.Id, Name: $"/{owner.Name}/{link.Alias}"))).ToLookup(link => link.Id, link => link.Name);

    /// <summary>What the container's processes are told of those it is linked to and that run.</summary>
    internal static List<string> Variables(Container container)
    {
        var variables = new List<string>();
        foreach (var (other, alias) in Of(container))
        {
            if (container.Engine.Networks.SandboxOf(other.Id)?.Endpoints.GetValueOrDefault(NetworkNames.Bridge)?.IpAddress is not { Length: > 0 } address) continue;
            var prefix = alias.ToUpperInvariant().Replace('-', '_');
            var ports = (other.Config.ExposedPorts?.Keys ?? Enumerable.Empty<string>()).Select(NetworkController.ParseKey).OrderBy(port => port.Port).ThenBy(port => port.Protocol, StringComparer.Ordinal).ToList();
            if (ports is [var first, ..]) variables.Add($"{prefix}_PORT={first.Protocol}://{address}:{first.Port}");
            foreach (var (port, protocol) in ports)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}_PORT_{port}_{protocol.ToUpperInvariant()}");
                variables.AddRange([$"{name}={protocol}://{address}:{port}", $"{name}_ADDR={address}", $"{name}_PORT={port}", $"{name}_PROTO={protocol}"]);
            }
            variables.Add($"{prefix}_NAME=/{container.Name}/{alias}");
            variables.AddRange((other.Config.Env ?? []).Where(variable => variable.Contains('=', StringComparison.Ordinal) && !variable.StartsWith("HOME=", StringComparison.Ordinal) && !variable.StartsWith("PATH=", StringComparison.Ordinal))
                .Select(variable => $"{prefix}_ENV_{variable}"));
        }
        return variables;
    }

    private static bool IsOnUsersNetwork(HostConfig host) => NetworkNames.FromMode(host.NetworkMode) != NetworkNames.Bridge;
}

public sealed partial class Container
{
    /// <summary>Takes a legacy link away; that there was none is no error, as with Docker. A running container keeps the lines of its hosts file.</summary>
    public async Task RemoveLinkAsync(string alias, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var host = HostConfigChange.Copy(HostConfig);
            host.Links = host.Links?.FindAll(link => LegacyLink.Parse(link).Alias != alias);
            await SaveAsync(_record with { HostConfig = host });
        }
    }
}
