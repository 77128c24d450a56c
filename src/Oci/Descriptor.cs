namespace Yun.Oci;

/// <summary>Points at content by digest and size (OCI image spec, descriptor.md). <see cref="Urls"/> is read and never followed: content comes from the registry that named it.</summary>
public sealed record Descriptor
{
    public string MediaType { get; set; } = "";
    public Digest Digest { get; set; }
    public long Size { get; set; }
    public string? ArtifactType { get; set; }
    public List<string>? Urls { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }
    public Platform? Platform { get; set; }
}
