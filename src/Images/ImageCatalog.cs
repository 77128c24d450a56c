using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Yun.Oci;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Images;

/// <summary>Which images there are and what they are called, in memory and in the store. One writer at a time, by the caller's lock; readers take a snapshot.</summary>
internal sealed class ImageCatalog
{
    private const string RecordPrefix = "/images/records/";
    private const string NamePrefix = "/images/names/";
    private const int IdPrefixMin = 1;

    private readonly IStore _store;
    private volatile Snapshot _now;
    private Dictionary<Digest, List<ImageReference>> _lost = [];

    private ImageCatalog(IStore store, Snapshot now) => (_store, _now) = (store, now);

    private sealed record Known(ImageRecord Record, ImageConfig Config, IReadOnlyList<Layer> Layers);

    private sealed record Snapshot(ImmutableDictionary<Digest, Known> Images, ImmutableSortedDictionary<string, (ImageReference Name, Digest Id)> Names);

    public static async Task<ImageCatalog> OpenAsync(IStore store, Func<ImageRecord, (ImageConfig Config, IReadOnlyList<Layer> Layers)?> read, CancellationToken cancel)
    {
        var images = ImmutableDictionary.CreateBuilder<Digest, Known>();
        var lost = new Dictionary<Digest, List<ImageReference>>();
        foreach (var entry in await store.RangeAsync(RecordPrefix, cancel))
        {
            // An image whose files are damaged or gone is not shown, and stays in the store: pulling it again repairs it.
            if (JsonSerializer.Deserialize(entry.Value, ImageRecordJson.Default.ImageRecord) is not { } record) continue;
            if (read(record) is { } content) images[record.Id] = new Known(record, content.Config, content.Layers);
            else if (!record.Removed) lost[record.Id] = [];
        }
        var names = ImmutableSortedDictionary.CreateBuilder<string, (ImageReference, Digest)>(StringComparer.Ordinal);
        foreach (var entry in await store.RangeAsync(NamePrefix, cancel))
        {
            var name = ImageReference.Parse(entry.Key[NamePrefix.Length..]);
            if (!Digest.TryParse(Encoding.UTF8.GetString(entry.Value), out var id)) continue;
            if (images.ContainsKey(id)) names[name.ToString()] = (name, id);
            else if (lost.TryGetValue(id, out var its)) its.Add(name);
        }
        return new ImageCatalog(store, new Snapshot(images.ToImmutable(), names.ToImmutable())) { _lost = lost };
    }

    /// <summary>Another object after every change.</summary>
    public object Version => _now;

    /// <summary>The newest first, without those that were removed and only serve a container.</summary>
    public IReadOnlyList<Image> List()
    {
        var now = _now;
        var names = now.Names.Values.ToLookup(name => name.Id, name => name.Name);
        return [.. now.Images.Values.Where(known => !known.Record.Removed).Select(known => Show(known, [.. names[known.Record.Id]]))
            .OrderByDescending(image => image.Created ?? DateTimeOffset.MinValue).ThenBy(image => image.Id.ToString(), StringComparer.Ordinal)];
    }

    public Image? Get(Digest id, bool removedToo = false) =>
        _now is var now && now.Images.TryGetValue(id, out var known) && (removedToo || !known.Record.Removed) ? Show(known, NamesOf(now, id)) : null;

    public Digest? IdOf(ImageReference name) => _now.Names.TryGetValue(KeyOf(name), out var found) ? found.Id : null;

    public Image Find(string nameOrId) => TryFind(nameOrId) ?? throw NotFound(nameOrId);

    /// <summary>A name wins over the beginning of an id, as with Docker.</summary>
    public Image? TryFind(string nameOrId)
    {
        if (Digest.TryParse(nameOrId, out var id) || Digest.TryParse("sha256:" + nameOrId, out id)) return Get(id);
        if (!ImageReference.TryParse(nameOrId, out var name))
        {
            if (ByIdPrefix(nameOrId) is { } byPrefix) return byPrefix;
            throw Invalid(nameOrId);
        }
        return IdOf(name.WithDefaultTag()) is { } named && Get(named) is { } image ? image : ByIdPrefix(nameOrId);
    }

    /// <summary>Images that were there once and could not be read when the store was opened, and what they are called; without those that are there again.</summary>
    public IReadOnlyList<(Digest Id, IReadOnlyList<ImageReference> Names)> Lost() => [.. _lost.Where(image => !_now.Images.ContainsKey(image.Key)).Select(image => (image.Key, (IReadOnlyList<ImageReference>)image.Value))];

    public async Task PutAsync(ImageRecord record, ImageConfig config, IReadOnlyList<Layer> layers)
    {
        await _store.PutAsync(RecordPrefix + record.Id.Hex, JsonSerializer.SerializeToUtf8Bytes(record, ImageRecordJson.Default.ImageRecord));
        _now = _now with { Images = _now.Images.SetItem(record.Id, new Known(record, config, layers)) };
    }

    public async Task DropAsync(Digest id)
    {
        await _store.DeleteAsync(RecordPrefix + id.Hex);
        _now = _now with { Images = _now.Images.Remove(id) };
    }

    public async Task NameAsync(ImageReference name, Digest id)
    {
        await _store.PutAsync(NamePrefix + KeyOf(name), Encoding.UTF8.GetBytes(id.ToString()));
        _now = _now with { Names = _now.Names.SetItem(KeyOf(name), (ImageReference.Parse(KeyOf(name)), id)) };
    }

    public async Task UnnameAsync(ImageReference name)
    {
        await _store.DeleteAsync(NamePrefix + KeyOf(name));
        _now = _now with { Names = _now.Names.Remove(KeyOf(name)) };
    }

    /// <summary>Everything there is, with what was removed and only serves a container.</summary>
    public IReadOnlyList<Image> Everything() => _now is var now ? [.. now.Images.Values.Select(known => Show(known, NamesOf(now, known.Record.Id)))] : [];

    public static EngineException NotFound(string nameOrId) => new(ErrorKind.NotFound, "No such image: "
        + (!Digest.TryParse(nameOrId, out _) && ImageReference.TryParse(nameOrId, out var name) ? name.WithDefaultTag().Familiar : nameOrId));

    // With a digest, the tag beside it says nothing more.
    private static string KeyOf(ImageReference name) => (name.Digest is { } digest ? name.WithDigest(digest) : name).ToString();

    private static Image Show(Known known, IReadOnlyList<ImageReference> names) => new(known.Record, known.Config, known.Layers, names);

    private static ImageReference[] NamesOf(Snapshot now, Digest id) => [.. now.Names.Values.Where(name => name.Id == id).Select(name => name.Name)];

    private Image? ByIdPrefix(string text)
    {
        var prefix = text.StartsWith("sha256:", StringComparison.Ordinal) ? text["sha256:".Length..] : text;
        if (prefix.Length < IdPrefixMin || prefix.Length > 64 || !prefix.All(char.IsAsciiHexDigitLower)) return null;
        var found = _now.Images.Keys.Where(id => id.Hex.StartsWith(prefix, StringComparison.Ordinal)).Take(2).ToList();
        return found.Count == 1 ? Get(found[0]) : null;
    }

    private static EngineException Invalid(string text)
    {
        try { ImageReference.Parse(text); }
        catch (FormatException error) { return new EngineException(ErrorKind.InvalidArgument, error.Message); }
        return NotFound(text);
    }
}
