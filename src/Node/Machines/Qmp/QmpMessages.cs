using System.Text.Json;
using System.Text.Json.Serialization;

namespace Yun.Node.Machines.Qmp;

// The words of QEMU's machine protocol that are used here (docs/interop/qemu-qmp-ref of QEMU 7.2).

/// <summary>Something that happened in QEMU: <c>SHUTDOWN</c>, <c>STOP</c>, <c>BLOCK_IO_ERROR</c>…</summary>
/// <param name="Data">What is told about it; an undefined element when nothing is.</param>
public sealed record QmpEvent(string Name, JsonElement Data)
{
    /// <summary>A text of it; empty when it has none of that name.</summary>
    public string Text(string name) => Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    public bool Flag(string name) => Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}

/// <summary>QEMU has refused a command, in its own words.</summary>
public sealed class QmpException(string command, string words) : Exception($"{command}: {words}")
{
    public string Words { get; } = words;
}

/// <summary>The answer of <c>query-status</c>.</summary>
/// <param name="Status">running, paused, prelaunch, io-error, guest-panicked, inmigrate…</param>
internal sealed record QmpStatus(string Status, bool Running);

/// <summary>One of <c>query-chardev</c>.</summary>
/// <param name="FrontendOpen">Of a virtio port: a program in the guest has opened it.</param>
internal sealed record QmpChardev(string Label, bool FrontendOpen);

/// <summary>One of <c>query-jobs</c>; over when its status is <c>concluded</c>.</summary>
internal sealed record QmpJob(string Id, string Status, string? Error);

/// <summary>The answer of <c>query-migrate</c>.</summary>
internal sealed record QmpMigration(string? Status, [property: JsonPropertyName("error-desc")] string? Error);

internal sealed record QmpResize([property: JsonPropertyName("node-name")] string NodeName, long Size);

internal sealed record QmpSnapshot([property: JsonPropertyName("job-id")] string JobId, string Tag, string? Vmstate, IReadOnlyList<string> Devices);

internal sealed record QmpId(string Id);

internal sealed record QmpUri(string Uri);

internal sealed record QmpDescriptor(string Fdname);

/// <summary><c>add_client</c>: who is at the other end of a descriptor becomes a client of that protocol.</summary>
internal sealed record QmpClient(string Protocol, string Fdname, bool Skipauth);

internal sealed record QmpSet([property: JsonPropertyName("fdset-id")] int Number);

internal sealed record QmpFile(string Driver, string Filename);

internal sealed record QmpBlockDevice(string Driver, [property: JsonPropertyName("node-name")] string NodeName, QmpFile File, string? Backing = null);

internal sealed record QmpBackup([property: JsonPropertyName("job-id")] string JobId, string Device, string Target, string Sync, [property: JsonPropertyName("auto-dismiss")] bool AutoDismiss, string? Bitmap = null);

internal sealed record QmpBitmap(string Node, string Name);

internal sealed record QmpNode([property: JsonPropertyName("node-name")] string NodeName);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QmpStatus))]
[JsonSerializable(typeof(List<QmpJob>))]
[JsonSerializable(typeof(List<QmpChardev>))]
[JsonSerializable(typeof(QmpMigration))]
[JsonSerializable(typeof(QmpResize))]
[JsonSerializable(typeof(QmpSnapshot))]
[JsonSerializable(typeof(QmpId))]
[JsonSerializable(typeof(QmpUri))]
[JsonSerializable(typeof(QmpDescriptor))]
[JsonSerializable(typeof(QmpClient))]
[JsonSerializable(typeof(QmpSet))]
[JsonSerializable(typeof(QmpBlockDevice))]
[JsonSerializable(typeof(QmpBackup))]
[JsonSerializable(typeof(QmpBitmap))]
[JsonSerializable(typeof(QmpNode))]
internal sealed partial class QmpJson : JsonSerializerContext;
