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
    /// <summary>Records that are known here and not yet in the store, by their keys, in order; changed by the one writer.</summary>
    private readonly List<(string Key, byte[]? Value)> _unsaved = [];
    private readonly HashSet<Digest> _unsavedImages = [];

    private ImageCatalog(IStore store, Snapshot now) => (_store, _now) = (store, now);

    private sealed record Known(ImageRecord Record, ImageConfig Config, IReadOnlyList<Layer> Layers);

    private sealed record Snapshot(ImmutableDictionary<Digest, Known> Images, ImmutableSortedDictionary<string, Named> Names)
    {
        private HashSet<Digest>? _indexes;

        /// <summary>The indexes that names stand for.</summary>
        public HashSet<Digest> Indexes => _indexes ??= [.. Names.Values.Select(name => name.Index).OfType<Digest>()];
    }

    /// <param name="Id">The image that the name stands for where no platform is asked for.</param>
    /// <param name="Index">What the name stands for in its registry, when that is an index.</param>
    private sealed record Named(ImageReference Name, Digest Id, Digest? Index);

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
        var names = ImmutableSortedDictionary.CreateBuilder<string, Named>(StringComparer.Ordinal);
        foreach (var entry in await store.RangeAsync(NamePrefix, cancel))
        {
            var name = ImageReference.Parse(entry.Key[NamePrefix.Length..]);
            var stands = Encoding.UTF8.GetString(entry.Value).Split(' ');
            if (!Digest.TryParse(stands[0], out var id)) continue;
            if (images.ContainsKey(id)) names[name.ToString()] = new Named(name, id, stands.Length > 1 && Digest.TryParse(stands[1], out var index) ? index : null);
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
        var names = now.Names.Values.ToLookup(name => name.Id);
        return [.. now.Images.Values.Where(known => !known.Record.Removed).Select(known => Show(now, known, [.. names[known.Record.Id]]))
            .OrderByDescending(image => image.Created ?? DateTimeOffset.MinValue).ThenBy(image => image.Id.ToString(), StringComparer.Ordinal)];
    }

    public Image? Get(Digest id, bool removedToo = false) =>
        _now is var now && now.Images.TryGetValue(id, out var known) && (removedToo || !known.Record.Removed) ? Show(now, known, NamesOf(now, id)) : null;

    public bool Has(Digest id, bool removedToo = false) => _now.Images.TryGetValue(id, out var known) && (removedToo || !known.Record.Removed);

    public Digest? IdOf(ImageReference name) => _now.Names.TryGetValue(KeyOf(name), out var found) ? found.Id : null;

    /// <summary>The index that a name stands for.</summary>
    public Digest? IndexOf(ImageReference name) => _now.Names.TryGetValue(KeyOf(name), out var found) ? found.Index : null;

    /// <summary>True while a name stands for the index.</summary>
    public bool IsNamed(Digest index) => _now.Indexes.Contains(index);

    /// <summary>The images that are here of an index.</summary>
    public IReadOnlyList<Image> Members(Digest index) => _now is var now
        ? [.. now.Images.Values.Where(known => !known.Record.Removed && known.Record.Indexes?.Exists(its => its.Index.Digest == index) == true).Select(known => Show(now, known, NamesOf(now, known.Record.Id)))] : [];

    public Image Find(string nameOrId, Platform? platform = null) => TryFind(nameOrId, platform) ?? throw NotFound(nameOrId);

    /// <summary>A name wins over the beginning of an id, as with Docker.</summary>
    /// <param name="platform">Where a name stands for several platforms' images, the one that suits best. What suits not at all is given all the same.</param>
    public Image? TryFind(string nameOrId, Platform? platform = null) => TryFindAny(nameOrId) is not { } found ? null
        : platform is null || found.Index is not { } index ? found
        : Members(index).Where(member => platform.Suits(member.Platform) > platform.Suits(found.Platform)).MaxBy(member => platform.Suits(member.Platform)) ?? found;

    private Image? TryFindAny(string nameOrId)
    {
        if (Digest.TryParse(nameOrId, out var id) || Digest.TryParse("sha256:" + nameOrId, out id)) return Get(id);
        if (!ImageReference.TryParse(nameOrId, out var name))
        {
            if (ByIdPrefix(nameOrId) is { } byPrefix) return byPrefix;
            throw Invalid(nameOrId);
        }
        return _now is var now && now.Names.TryGetValue(KeyOf(name.WithDefaultTag()), out var named) && now.Images.TryGetValue(named.Id, out var known) && !known.Record.Removed
            ? Show(now, known, [named, .. NamesOf(now, named.Id)]) : ByIdPrefix(nameOrId);
    }

    /// <summary>Images that were there once and could not be read when the store was opened, and what they are called; without those that are there again.</summary>
    public IReadOnlyList<(Digest Id, IReadOnlyList<ImageReference> Names)> Lost() => [.. _lost.Where(image => !_now.Images.ContainsKey(image.Key)).Select(image => (image.Key, (IReadOnlyList<ImageReference>)image.Value))];

    public async Task PutAsync(ImageRecord record, ImageConfig config, IReadOnlyList<Layer> layers)
    {
        await SaveAsync(Of(record));
        Show(record, config, layers);
    }

    /// <summary>As <see cref="PutAsync"/>, but the record is saved with the next change.</summary>
    public void PutUnsaved(ImageRecord record, ImageConfig config, IReadOnlyList<Layer> layers)
    {
        if (!_now.Images.TryGetValue(record.Id, out var known)) _unsavedImages.Add(record.Id);
        else if (known.Record == record) return;
        _unsaved.Add(Of(record));
        Show(record, config, layers);
    }

    /// <summary>Both at once: the record, and the name that stands for the image from now on.</summary>
    public async Task PutNamedAsync(ImageRecord record, ImageConfig config, IReadOnlyList<Layer> layers, ImageReference name, Digest? index)
    {
        await SaveAsync(Of(record), Of(name, record.Id, index));
        Show(record, config, layers);
        Show(name, record.Id, index);
    }

    public bool IsSaved => _unsaved.Count == 0;

    /// <summary>Saves the records that are not, and with them what is to be written besides. The store does it in this order, as a rule by one sync.</summary>
    public async Task SaveAsync(params IEnumerable<(string Key, byte[]? Value)> more)
    {
        List<(string Key, byte[]? Value)> all = [.. _unsaved, .. more];
        await Task.WhenAll([.. all.Select(write => write.Value is { } value ? (Task)_store.PutAsync(write.Key, value).AsTask() : _store.DeleteAsync(write.Key).AsTask())]);
        _unsaved.Clear();
        _unsavedImages.Clear();
    }

    /// <summary>Forgets the images that were never saved.</summary>
    public void DropUnsaved()
    {
        _now = _now with { Images = _now.Images.RemoveRange(_unsavedImages) };
        _unsaved.RemoveAll(write => write.Key.StartsWith(RecordPrefix, StringComparison.Ordinal) && _unsavedImages.Contains(Digest.Parse("sha256:" + write.Key[RecordPrefix.Length..])));
        _unsavedImages.Clear();
    }

    public async Task DropAsync(Digest id)
    {
        await SaveAsync((RecordPrefix + id.Hex, null));
        _now = _now with { Images = _now.Images.Remove(id) };
    }

    public async Task NameAsync(ImageReference name, Digest id, Digest? index = null)
    {
        await SaveAsync(Of(name, id, index));
        Show(name, id, index);
    }

    public async Task UnnameAsync(ImageReference name)
    {
        await SaveAsync((NamePrefix + KeyOf(name), null));
        _now = new Snapshot(_now.Images, _now.Names.Remove(KeyOf(name)));
    }

    /// <summary>Everything there is, with what was removed and only serves a container.</summary>
    public IReadOnlyList<Image> Everything() => _now is var now ? [.. now.Images.Values.Select(known => Show(now, known, NamesOf(now, known.Record.Id)))] : [];

    public static EngineException NotFound(string nameOrId) => new(ErrorKind.NotFound, "No such image: "
        + (!Digest.TryParse(nameOrId, out _) && ImageReference.TryParse(nameOrId, out var name) ? name.WithDefaultTag().Familiar : nameOrId));

    private static (string Key, byte[]? Value) Of(ImageRecord record) => (RecordPrefix + record.Id.Hex, JsonSerializer.SerializeToUtf8Bytes(record, ImageRecordJson.Default.ImageRecord));

    private static (string Key, byte[]? Value) Of(ImageReference name, Digest id, Digest? index) =>
        (NamePrefix + KeyOf(name), Encoding.UTF8.GetBytes(index is null ? id.ToString() : $"{id} {index}"));

    private void Show(ImageRecord record, ImageConfig config, IReadOnlyList<Layer> layers) =>
        _now = _now with { Images = _now.Images.SetItem(record.Id, new Known(record, config, layers)) };

    private void Show(ImageReference name, Digest id, Digest? index) =>
        _now = new Snapshot(_now.Images, _now.Names.SetItem(KeyOf(name), new Named(ImageReference.Parse(KeyOf(name)), id, index)));

    // With a digest, the tag beside it says nothing more.
    private static string KeyOf(ImageReference name) => (name.Digest is { } digest ? name.WithDigest(digest) : name).ToString();

    // The first name is the one that was asked for.
    private static Image Show(Snapshot now, Known known, IReadOnlyList<Named> names) => new(
        known.Record, known.Config, known.Layers, [.. names.DistinctBy(name => name.Name.ToString()).OrderBy(name => name.Name.ToString(), StringComparer.Ordinal).Select(name => name.Name)],
        names.Count > 0 && names[0] is { Index: { } asked } ? asked : names.Select(name => name.Index).FirstOrDefault(index => index is not null),
        names.Count == 0 && known.Record.Indexes?.Exists(its => now.Indexes.Contains(its.Index.Digest)) == true);

    private static Named[] NamesOf(Snapshot now, Digest id) => [.. now.Names.Values.Where(name => name.Id == id)];

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
