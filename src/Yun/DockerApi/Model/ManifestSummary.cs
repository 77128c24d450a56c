using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary>One image of those that a name stands for, since API 1.47.</summary>
public sealed class ManifestSummary
{
    /// <summary>The manifest's digest.</summary>
    [JsonPropertyName("ID")] public string Id { get; set; } = "";
    public ContentDescriptor Descriptor { get; set; } = new();
    /// <summary>True when all of it is here.</summary>
    public bool Available { get; set; }
    public ManifestSize Size { get; set; } = new();
    /// <summary><c>image</c>, <c>attestation</c> or <c>unknown</c>.</summary>
    public string Kind { get; set; } = "unknown";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ManifestImageData? ImageData { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ManifestAttestationData? AttestationData { get; set; }
}

/// <summary>In bytes.</summary>
public sealed class ManifestSize
{
    /// <summary>As it travels.</summary>
    public long Content { get; set; }
    /// <summary>With the unpacked layers.</summary>
    public long Total { get; set; }
}

public sealed class ManifestImageData
{
    public ContentPlatform Platform { get; set; } = new();
    public ManifestImageSize Size { get; set; } = new();
    /// <summary>The ids of the containers that use it.</summary>
    public List<string> Containers { get; set; } = [];
}

public sealed class ManifestImageSize
{
    public long Unpacked { get; set; }
}

public sealed class ManifestAttestationData
{
    /// <summary>The digest of the manifest that it is about.</summary>
    public string For { get; set; } = "";
}
