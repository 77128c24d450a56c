using Yun.Oci;

namespace Yun.Images;

/// <summary>An image in the local store, as it was when it was asked for: tags given later are not seen here.</summary>
public sealed class Image
{
    internal Image(ImageRecord record, ImageConfig config, IReadOnlyList<Layer> layers, IReadOnlyList<ImageReference> names, Digest? index, bool isSibling)
    {
        (Record, Config, Layers, Names, Index, IsSibling) = (record, config, layers, names, index, isSibling);
        RepoTags = [.. names.Where(name => name.Digest is null).Select(name => name.Familiar)];
        RepoDigests = [.. names.Where(name => name.Digest is not null).Select(name => name.Familiar)];
    }

    /// <summary>The digest of its configuration.</summary>
    public Digest Id => Record.Id;
    public ImageConfig Config { get; }
    /// <summary>Bottom first.</summary>
    public IReadOnlyList<Layer> Layers { get; }
    public IReadOnlyList<Digest> DiffIds => [.. Layers.Select(layer => layer.DiffId)];
    public IReadOnlyList<Digest> ChainIds => [.. Layers.Select(layer => layer.ChainId)];
    /// <summary>Every name it has, tags and digests.</summary>
    public IReadOnlyList<ImageReference> Names { get; }
    /// <summary>Its tags as people write them: <c>busybox:latest</c>.</summary>
    public IReadOnlyList<string> RepoTags { get; }
    /// <summary>The digests it has in registries: <c>busybox@sha256:…</c>.</summary>
    public IReadOnlyList<string> RepoDigests { get; }
    public long SizeBytes => Layers.Sum(layer => layer.SizeBytes);
    public DateTimeOffset? Created => Config.CreatedAt;
    /// <summary>The image it was built or committed from on this machine.</summary>
    public Digest? Parent => Record.Parent;
    public DateTimeOffset? LastTagged => Record.LastTagged;
    /// <summary>False for what is only a step on the way to another image, and never was what somebody asked for or named.</summary>
    public bool IsResult => Record.Result || Record.LastTagged is not null || Record.Manifest is not null;
    /// <summary>The manifest it was pulled or pushed with, where there is one.</summary>
    public Descriptor? Manifest => Record.Manifest;
    public Platform Platform => Config.Platform;
    /// <summary>True when no name is left, neither its own nor that of an index it belongs to.</summary>
    public bool IsDangling => Names.Count == 0 && !IsSibling;
    /// <summary>The index of several platforms that its name stands for; where it was asked for by name, that name.</summary>
    public Digest? Index { get; }
    /// <summary>True when only an index holds it: a name stands for the index, and there for an image of another platform.</summary>
    public bool IsSibling { get; }

    internal ImageRecord Record { get; }
}
