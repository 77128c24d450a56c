namespace Yun.Oci;

/// <summary>One image for one platform: its configuration and layers, bottom first (OCI image spec, manifest.md).</summary>
public sealed record ImageManifest
{
    public int SchemaVersion { get; set; } = 2;
    public string? MediaType { get; set; }
    public string? ArtifactType { get; set; }
    public Descriptor? Config { get; set; }
    public List<Descriptor>? Layers { get; set; }
    public Descriptor? Subject { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }
}

/// <summary>Several images under one name, mostly one for each platform (OCI image spec, image-index.md).</summary>
public sealed record ImageIndex
{
    public int SchemaVersion { get; set; } = 2;
    public string? MediaType { get; set; }
    public string? ArtifactType { get; set; }
    public List<Descriptor>? Manifests { get; set; }
    public Descriptor? Subject { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }
}
