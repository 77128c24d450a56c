using System.Collections.Concurrent;
using System.Text.Json;
using Yun.Images.Content;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Images.Layers;

/// <summary>
/// Unpacked layers: <c>layers/NAME/fs</c> with <c>layer.json</c> beside it, NAME being the beginning of the chain id, since mount options are short. A layer is made
/// in <c>layers/incoming</c>, synced with everything in it, and moved into place by one rename: a directory under its name is whole. Until it is synced, a link of its name to where it was made
/// can stand there: it is of use at once, and the next start takes the link for nothing.
/// </summary>
internal sealed partial class LayerStore
{
    public const string FilesName = "fs";
    private const string RecordName = "layer.json";
    private static readonly int[] s_nameLengths = [16, 32, 64];

    private readonly string _directory, _incoming;
    private readonly Trash _trash;
    private readonly ConcurrentDictionary<Digest, Layer> _known = new();
    private readonly Lock _committing = new();

    public LayerStore(string dataRoot, Trash trash)
    {
        _trash = trash;
        _directory = Path.Combine(dataRoot, "layers");
        _incoming = Path.Combine(_directory, "incoming");
        EmptyDirectory = Path.Combine(_directory, "empty");
        const UnixFileMode rootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(_directory, rootOnly);
        Directory.CreateDirectory(_incoming, rootOnly);
        Directory.CreateDirectory(EmptyDirectory);
        using (var incoming = PathDescriptor.Open(null, _incoming, OpenFlags.ReadOnly | OpenFlags.Directory)) OpenFile.SpreadDirectories(incoming);
        foreach (var link in new DirectoryInfo(_directory).EnumerateFileSystemInfos().Where(entry => entry.Attributes.HasFlag(FileAttributes.ReparsePoint))) link.Delete();
        foreach (var left in Directory.EnumerateFileSystemEntries(_incoming)) _trash.Throw(left);
    }

    /// <summary>A lower directory for an image without layers.</summary>
    public string EmptyDirectory { get; }

    public Layer? Find(Digest chainId) => _known.TryGetValue(chainId, out var layer) ? layer : Load(chainId);

    /// <summary>A layer and those below it, the topmost first.</summary>
    public IEnumerable<Layer> Chain(Layer? top)
    {
        for (var layer = top; layer is not null; layer = layer.Below is { } below ? Find(below) : null) yield return layer;
    }

    public IEnumerable<Digest> All() => Directory.EnumerateDirectories(_directory).Select(ReadRecord).Where(record => record is not null).Select(record => record!.ChainId);

    public LayerDraft Begin(string? takeOver = null) => new(Path.Combine(_incoming, Guid.NewGuid().ToString("N")), _trash, takeOver);

    /// <summary>Puts a draft in its place; if the layer came into being meanwhile, that one stands.</summary>
    /// <param name="settled">It is on the disk when this returns; otherwise when <see cref="Settle"/> does.</param>
    public Layer Commit(LayerDraft draft, Layer? below, bool settled = true)
    {
        var chainId = Layer.ChainOf(below?.ChainId, draft.DiffId);
        if (Find(chainId) is { } same) return same;
        LayerFit.Fit(draft, [.. Chain(below)]);
        var record = new LayerFile { ChainId = chainId, DiffId = draft.DiffId, Below = below?.ChainId, Size = draft.SizeBytes };
        File.WriteAllBytes(Path.Combine(draft.Directory, RecordName), JsonSerializer.SerializeToUtf8Bytes(record, LayerFileJson.Default.LayerFile));
        if (settled) LayerSync.Sync([draft.Handle]);
        lock (_committing)
        {
            if (Find(chainId) is { } meanwhile) return meanwhile;
            var path = FreePath(chainId);
            if (!settled) return Show(draft, path, record);
            Directory.Move(draft.Directory, path);
            draft.Committed = true;
            using var parent = PathDescriptor.Open(null, _directory, OpenFlags.ReadOnly | OpenFlags.Directory);
            OpenFile.Sync(parent);
            return _known[chainId] = LayerIn(path, record);
        }
    }

    public static string? RecipeDirectory(Layer layer) => Path.GetDirectoryName(layer.Directory) is { } directory && File.Exists(Path.Combine(directory, TarRecipe.FileName)) ? directory : null;

    /// <summary>When it was unpacked.</summary>
    public static DateTime MadeAt(Layer layer) => Directory.GetLastWriteTimeUtc(Path.GetDirectoryName(layer.Directory)!);

    public bool Delete(Digest chainId)
    {
        if (Find(chainId) is not { } layer) return false;
        _known.TryRemove(chainId, out _);
        return DeleteUnsettled(chainId) || _trash.Throw(Path.GetDirectoryName(layer.Directory)!);
    }

    private Layer? Load(Digest chainId)
    {
        // One that has been moved into its place and whose move is not on the disk yet is nothing to count on.
        lock (_committing) return LoadSynced(chainId);
    }

    private Layer? LoadSynced(Digest chainId)
    {
        foreach (var length in s_nameLengths)
        {
            var path = Path.Combine(_directory, chainId.Hex[..length]);
            if (ReadRecord(path) is { } record && record.ChainId == chainId) return _known[chainId] = LayerIn(path, record);
        }
        return null;
    }

    /// <summary>A short name, unless another layer's chain id begins with the same digits.</summary>
    private string FreePath(Digest chainId)
    {
        foreach (var length in s_nameLengths)
        {
            var path = Path.Combine(_directory, chainId.Hex[..length]);
            if (!Directory.Exists(path)) return path;
            if (ReadRecord(path) is null) _trash.Throw(path);
            if (!Directory.Exists(path)) return path;
        }
        throw new InvalidOperationException($"Two layers have the chain id {chainId}.");
    }

    private static Layer LayerIn(string path, LayerFile record) => new(record.ChainId, record.DiffId, record.Below, record.Size, Path.Combine(path, FilesName));

    private static LayerFile? ReadRecord(string directory)
    {
        try { return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, RecordName)), LayerFileJson.Default.LayerFile); }
        catch (Exception unreadable) when (unreadable is FileNotFoundException or DirectoryNotFoundException or JsonException) { return null; }
    }
}
