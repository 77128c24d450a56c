using System.Globalization;
using Yun.DockerApi.Model;
using Yun.Node.Containers;
using ContainerMount = Yun.DockerApi.Model.ContainerMount;

namespace Yun.DockerApi;

/// <summary>A container as one line of the list.</summary>
internal static class ContainerSummaries
{
    /// <param name="links">The names that others have for containers, by id.</param>
    public static ContainerSummary Of(Container container, bool withSize, ILookup<string, string> links)
    {
        var record = container.Record;
        var images = container.Engine.Images;
        return new ContainerSummary
        {
            Id = record.Id,
            Names = ["/" + record.Name, .. links[record.Id]],
            // When the name has moved on to another image, only the id still says what runs.
            Image = record.Config.Image is { Length: > 0 } name && images.TryFind(name)?.Id == record.Image ? name : record.Image.ToString(),
            ImageId = record.Image.ToString(),
            Command = Command(record.Command),
            Created = record.Created.ToUnixTimeSeconds(),
            Ports = PortsOf(container),
            SizeRw = withSize ? container.ChangedBytes() : null,
            SizeRootFs = withSize ? container.ChangedBytes() + (images.TryFind(record.Image.ToString())?.SizeBytes ?? 0) : null,
            Labels = record.Config.Labels ?? [],
            State = record.State.Word,
            Status = ContainerStatusText.Of(record.State, container.Engine.Time.GetUtcNow()),
            HostConfig = new ContainerSummaryHost { NetworkMode = record.HostConfig.NetworkMode, Annotations = record.HostConfig.Annotations },
            NetworkSettings = new ContainerSummaryNetworks { Networks = ContainerInspection.NetworksOf(container) },
            Mounts = Mounts(record),
        };
    }

    public static List<ContainerPort> PortsOf(Container container)
    {
        var ports = new List<ContainerPort>();
        if (!container.State.IsLive) return ports;
        foreach (var (key, bindings) in container.Record.Ports)
        {
            if (key.Split('/') is not [var text, var protocol] || !ushort.TryParse(text, CultureInfo.InvariantCulture, out var port)) continue;
            if (bindings is not { Count: > 0 }) ports.Add(new ContainerPort { PrivatePort = port, Type = protocol });
            foreach (var binding in bindings ?? [])
                ports.Add(new ContainerPort { Ip = binding.HostIp, PrivatePort = port, PublicPort = ushort.TryParse(binding.HostPort, CultureInfo.InvariantCulture, out var outside) ? outside : (ushort)0, Type = protocol });
        }
        return ports;
    }

    public static List<ContainerMount> Mounts(ContainerRecord record) =>
    [
        .. record.Mounts.Select(m => new ContainerMount
        {
            Type = m.Kind.ToString().ToLowerInvariant(), Name = m.Name, Source = m.Source, Destination = m.Destination, Driver = m.Driver, Mode = m.Mode, Writable = !m.ReadOnly, Propagation = m.Propagation,
        }),
    ];

    private static string Command(IReadOnlyList<string> command) =>
        string.Join(' ', command.Select((word, i) => i > 0 && word.Contains(' ') ? $"'{word}'" : word));
}
