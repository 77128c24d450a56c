using Yun.Archives;
using Yun.Images.Layers;
using Yun.Images.Transfers;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Writes the images as <c>docker save</c> does: an OCI layout with a <c>manifest.json</c> beside it.</summary>
    /// <exception cref="EngineException">NotFound, before anything is written.</exception>
    public async Task SaveAsync(IReadOnlyList<string> namesOrIds, Stream archive, CancellationToken cancel = default)
    {
        await using var made = OpenSaved(namesOrIds, null, cancel);
        await made.CopyToAsync(archive, cancel);
    }

    /// <summary>As <see cref="SaveAsync"/>, to be read: the archive is made as it is read.</summary>
    /// <param name="platform">Only this platform's image of a name that stands for several; null saves all that are here.</param>
    public Stream OpenSaved(IReadOnlyList<string> namesOrIds, Platform? platform = null, CancellationToken cancel = default)
    {
        return OpenSaved(namesOrIds.SelectMany(name => Choose(name, platform)).ToList(), platform is null ? SavedIndexOf : _ => null, cancel);
    }

    /// <summary>One image under these names, which it need not have here.</summary>
    public Stream OpenSaved(Image image, IReadOnlyList<ImageReference> names, CancellationToken cancel = default) =>
        OpenSaved(names.Count == 0 ? [(image, null)] : [.. names.Select(name => (image, (ImageReference?)name))], _ => null, cancel);

    /// <summary>Images without names.</summary>
    public Stream OpenSaved(IReadOnlyList<Image> images, CancellationToken cancel = default) => OpenSaved([.. images.Select(image => (image, (ImageReference?)null))], _ => null, cancel);

    /// <summary>What the image's layers make together, as a tar that is made as it is read.</summary>
    public Stream OpenFiles(Image image, CancellationToken cancel = default) => OpenFiles([("", image)], cancel);

    /// <summary>As <see cref="OpenFiles(Image, CancellationToken)"/>, each in a folder.</summary>
    public Stream OpenFiles(IReadOnlyList<(string Folder, Image Image)> images, CancellationToken cancel = default)
    {
        var pins = _pins.Take();
        foreach (var (_, image) in images) pins.Add(image.ChainIds);
        return new MadeStream(write =>
        {
            using (pins)
            {
                var tar = new TarWriter(write);
                foreach (var (folder, image) in images)
                {
                    using var root = Overlay.Mount(LayerDirectories(image), null, null);
                    new ArchiveWriter(tar, new ArchiveOptions { Name = folder }, null, cancel).Write(root, "");
                }
                tar.Finish();
            }
        }, cancel);
    }

    private SavedIndex? SavedIndexOf(ImageReference? name) =>
        name is not null && _catalog.IndexOf(name) is { } digest && _content.Has(digest) && _catalog.Members(digest) is { Count: > 0 } members
            ? new SavedIndex(members[0].Record.Indexes!.Find(its => its.Index.Digest == digest)!.Index, members) : null;

    /// <param name="indexOf">What a name stands for, or an image without one, where that is an index.</param>
    private MadeStream OpenSaved(IReadOnlyList<(Image Image, ImageReference? Name)> chosen, Func<ImageReference?, SavedIndex?> indexOf, CancellationToken cancel)
    {
        var pins = _pins.Take();
        var indexes = chosen.Select(one => one.Name).Distinct().Select(name => (Name: name, Index: indexOf(name))).Where(one => one.Index is not null).ToDictionary(one => one.Name?.ToString() ?? "", one => one.Index!);
        foreach (var index in indexes.Values) pins.Add(index.Index.Digest);
        foreach (var image in chosen.Select(one => one.Image).Concat(indexes.Values.SelectMany(index => index.Images)))
            pins.Add([image.Id, .. image.ChainIds, .. image.Record.Layers.Select(layer => layer.Blob?.Digest).OfType<Digest>()]);
        foreach (var id in chosen.Select(one => one.Image.Id).Distinct()) Publish("save", id);
        return new MadeStream(write =>
        {
            using (pins) new ArchiveSave(_content, new LayerBlobs(_content), new TarWriter(write), cancel).Write(chosen, indexes);
        }, cancel);
    }

    /// <summary>A repository without a tag means all its tags; an id gives the image without a name.</summary>
    private List<(Image Image, ImageReference? Name)> Choose(string nameOrId, Platform? platform)
    {
        var image = _catalog.TryFind(nameOrId, platform);
        if (image is not null && platform is not null)
        {
            if (platform.Suits(image.Platform) == 0) throw new EngineException(ErrorKind.NotFound, $"image with reference {nameOrId} was found but does not provide the specified platform ({platform})");
            return [(image, ImageReference.TryParse(nameOrId, out var asked) && _catalog.IdOf(asked.WithDefaultTag()) is not null && asked.Digest is null ? asked.WithDefaultTag() : null)];
        }
        if (ImageReference.TryParse(nameOrId, out var name))
        {
            var names = name.Tag is null && name.Digest is null
                ? _catalog.List().SelectMany(other => other.Names.Where(own => own.Digest is null && own.Name == name.Name).Select(own => (other, (ImageReference?)own))).ToList() : [];
            if (names.Count > 0) return names;
            if (image?.Names.FirstOrDefault(own => own.ToString() == name.WithDefaultTag().ToString()) is { } found) return [(image, found.Digest is null ? found : null)];
        }
        return image is null ? throw ImageCatalog.NotFound(nameOrId) : [(image, null)];
    }
}
