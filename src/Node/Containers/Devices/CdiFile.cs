using System.Text.Json.Serialization;

namespace Yun.Node.Containers.Devices;

// A file of the Container Device Interface, specification 0.3 to 0.8 (github.com/cncf-tags/container-device-interface, SPEC.md).

/// <summary>What one vendor's devices of one class do to a container.</summary>
public sealed class CdiFile
{
    public string CdiVersion { get; set; } = "";
    /// <summary><c>vendor/class</c>.</summary>
    public string Kind { get; set; } = "";
    public List<CdiDevice>? Devices { get; set; }
    /// <summary>Done once, whichever of the devices is asked for.</summary>
    public CdiEdits? ContainerEdits { get; set; }
}

public sealed class CdiDevice
{
    public string Name { get; set; } = "";
    public CdiEdits? ContainerEdits { get; set; }
}

public sealed class CdiEdits
{
    public List<string>? Env { get; set; }
    public List<CdiNode>? DeviceNodes { get; set; }
    public List<CdiMount>? Mounts { get; set; }
    public List<CdiHook>? Hooks { get; set; }
    public List<uint>? AdditionalGids { get; set; }
}

/// <summary>A device file; what is left out is the host's.</summary>
public sealed class CdiNode
{
    public string Path { get; set; } = "";
    public string? HostPath { get; set; }
    public string? Type { get; set; }
    public long? Major { get; set; }
    public long? Minor { get; set; }
    public uint? FileMode { get; set; }
    public string? Permissions { get; set; }
    public uint? Uid { get; set; }
    public uint? Gid { get; set; }
}

public sealed class CdiMount
{
    public string HostPath { get; set; } = "";
    public string ContainerPath { get; set; } = "";
    public string? Type { get; set; }
    public List<string>? Options { get; set; }
}

public sealed class CdiHook
{
    public string HookName { get; set; } = "";
    public string Path { get; set; } = "";
    public List<string>? Args { get; set; }
    public List<string>? Env { get; set; }
    /// <summary>Seconds.</summary>
    public int? Timeout { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CdiFile))]
public sealed partial class CdiJson : JsonSerializerContext;
