using System.Collections.Concurrent;
using Yun.Archives;
using Yun.Images;
using Yun.Images.Registry;
using Yun.Linux;
using Yun.Oci;
using Yun.Store;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Images.Transfers;

/// <summary>An image store of its own in a folder of its own, which can be closed and opened again.</summary>
public sealed class ScratchStore : IAsyncDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly MemoryStore _records = new();
    private readonly RegistryOptions _options;

    private ScratchStore(RegistryOptions options) => _options = options;

    public ImageStore Images { get; private set; } = null!;
    public ConcurrentQueue<TransferProgress> Seen { get; } = [];
    public IProgress<TransferProgress> Progress => new Collected(Seen);
    public string Blobs => _folder["content/blobs/sha256"];
    public string Incoming => _folder["content/incoming"];
    public string Layers => _folder["layers"];

    public static async Task<ScratchStore> OpenAsync(RegistryOptions? options = null)
    {
        var store = new ScratchStore(options ?? new RegistryOptions());
        store.Images = await ImageStore.OpenAsync(store._folder.Path, store._records, store._options);
        return store;
    }

    public async Task ReopenAsync(Action? meanwhile = null)
    {
        await Images.DisposeAsync();
        meanwhile?.Invoke();
        Images = await ImageStore.OpenAsync(_folder.Path, _records, _options);
    }

    /// <summary>A store of what lies here now, as the next daemon would find it after this one had been killed.</summary>
    public async Task<ScratchStore> KilledAsync()
    {
        var next = new ScratchStore(_options);
        (await new Command("cp", "-a", _folder.Path + "/.", next._folder.Path).RunAsync()).Succeeded();
        foreach (var entry in await _records.RangeAsync("")) await next._records.PutAsync(entry.Key, entry.Value);
        next.Images = await ImageStore.OpenAsync(next._folder.Path, next._records, next._options);
        return next;
    }

    /// <summary>An image with one layer for each tar.</summary>
    public async Task<Image> MakeAsync(string name, params byte[][] tars)
    {
        using var lease = Images.Lease("test");
        var image = await MakeAsync(lease, tars);
        await Images.TagAsync(image, ImageReference.Parse(name));
        return Images.Find(name);
    }

    /// <summary>The same, without a name.</summary>
    public async Task<Image> MakeAsync(ImageLease lease, params byte[][] tars)
    {
        var layers = new List<Layer>();
        foreach (var tar in tars)
        {
            using var upper = new ScratchFolder();
            using (var root = PathDescriptor.Open(null, upper.Path, OpenFlags.ReadOnly | OpenFlags.Directory))
            using (var extraction = new Extraction(root, new ExtractionOptions { Whiteouts = true }))
                extraction.Run(new TarReader(new MemoryStream(tar)), CancellationToken.None);
            layers.Add(await Images.CommitLayerAsync(upper.Path, layers.LastOrDefault(), lease));
        }
        return await Images.CreateImageAsync(new ImageConfig { Architecture = Platform.Host.Architecture, Os = "linux", Created = "2024-05-01T00:00:00Z", Config = new ImageRunConfig { Env = ["PATH=/bin"] } }, layers, lease);
    }

    public Task<Image> PullAsync(string name, Platform? platform = null, RegistryAuth? auth = null, CancellationToken cancel = default) =>
        Images.PullAsync(ImageReference.Parse(name), platform, auth, Progress, cancel);

    /// <summary>A file as a container of the image would see it.</summary>
    public string? Read(Image image, string path) => image.Layers.Reverse().Select(layer => Path.Combine(layer.Directory, path)).FirstOrDefault(File.Exists) is { } found ? File.ReadAllText(found) : null;

    public int FilesIn(string folder) => Directory.GetFileSystemEntries(folder).Length;

    public async ValueTask DisposeAsync()
    {
        await Images.DisposeAsync();
        await _records.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class Collected(ConcurrentQueue<TransferProgress> seen) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => seen.Enqueue(value);
    }
}
