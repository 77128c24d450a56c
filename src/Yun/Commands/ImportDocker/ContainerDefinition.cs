using System.Text.Json;

namespace Yun.Commands.ImportDocker;

/// <summary>A container of dockerd's as the request that makes it again.</summary>
internal sealed record ContainerDefinition(string ContainerName, string ImageId, IReadOnlyList<string> Networks, bool IsPassing, byte[] Request)
{
    private static readonly string[] s_own = ["IPAMConfig", "Links", "Aliases", "DriverOpts"];

    public static ContainerDefinition Of(JsonElement container, JsonElement host)
    {
        var networks = Property(container, "NetworkSettings", "Networks") is { ValueKind: JsonValueKind.Object } all ? all.EnumerateObject().ToList() : [];
        List<JsonProperty> users = [.. networks.Where(network => network.Name is not ("bridge" or "host" or "none" or "default"))];
        var image = container.GetProperty("Image").GetString()!;
        return new ContainerDefinition(container.GetProperty("Name").GetString()!.TrimStart('/'), image, [.. users.Select(network => network.Name)],
            host.TryGetProperty("AutoRemove", out var passing) && passing.ValueKind == JsonValueKind.True, Write(container, host, image, users));
    }

    private static byte[] Write(JsonElement container, JsonElement host, string image, List<JsonProperty> networks)
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in container.GetProperty("Config").EnumerateObject().Where(property => property.Name != "Image")) property.WriteTo(writer);
            // The name may be another image's by now.
            writer.WriteString("Image", image);
            WriteHost(writer, container, host);
            writer.WriteStartObject("NetworkingConfig");
            writer.WriteStartObject("EndpointsConfig");
            foreach (var network in networks)
            {
                writer.WriteStartObject(network.Name);
                foreach (var property in network.Value.EnumerateObject().Where(property => s_own.Contains(property.Name))) property.WriteTo(writer);
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }

    // A volume without a name of its own is named here, or the container would get a new one.
    private static void WriteHost(Utf8JsonWriter writer, JsonElement container, JsonElement host)
    {
        var said = Texts(host, "Binds").ToList();
        var destinations = said.Select(bind => bind.Split(':') is { Length: > 1 } parts ? parts[1] : bind)
            .Concat(host.TryGetProperty("Mounts", out var mounts) && mounts.ValueKind == JsonValueKind.Array ? mounts.EnumerateArray().Select(mount => mount.GetProperty("Target").GetString()!) : []).ToHashSet();
        if (container.TryGetProperty("MountPoints", out var points) && points.ValueKind == JsonValueKind.Object)
            foreach (var point in points.EnumerateObject().Where(point => !destinations.Contains(point.Name)))
                if (point.Value.TryGetProperty("Name", out var name) && name.GetString() is { Length: > 0 } volume) said.Add($"{volume}:{point.Name}{(point.Value.TryGetProperty("RW", out var writable) && writable.ValueKind == JsonValueKind.False ? ":ro" : "")}");
        writer.WriteStartObject("HostConfig");
        // Which runtime runs it is this engine's to choose, as is where its cgroup is; volumes of others are named above.
        foreach (var property in host.EnumerateObject().Where(property => property.Name is not ("Binds" or "Runtime" or "CgroupParent" or "VolumesFrom" or "Isolation" or "LogConfig"))) property.WriteTo(writer);
        if (host.TryGetProperty("LogConfig", out var log) && log.TryGetProperty("Type", out var type) && type.GetString() is { Length: > 0 }) { writer.WritePropertyName("LogConfig"); log.WriteTo(writer); }
        writer.WriteStartArray("Binds");
        foreach (var bind in said) writer.WriteStringValue(bind);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static IEnumerable<string> Texts(JsonElement owner, string name) => owner.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(text => text.GetString()!) : [];

    private static JsonElement? Property(JsonElement owner, string first, string second) => owner.TryGetProperty(first, out var inner) && inner.ValueKind == JsonValueKind.Object && inner.TryGetProperty(second, out var found) ? found : null;
}
