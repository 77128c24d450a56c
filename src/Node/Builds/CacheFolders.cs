using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Yun.Node.Builds.Dockerfiles;

namespace Yun.Node.Builds;

/// <summary>The folders of <c>RUN --mount=type=cache</c>, under <c>build-caches/</c> of the data root. Their names are digests, so an id leads nowhere (CVE-2024-1753).</summary>
internal sealed class CacheFolders(string dataRoot)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    private string Root => Path.Combine(dataRoot, "build-caches");

    /// <returns>The folder, and what lets others at it again: all but <c>shared</c> are for one step at a time.</returns>
    public async Task<(string Folder, IDisposable Held)> OpenAsync(string id, RunMount mount, CancellationToken cancel)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        var gate = mount.Sharing is "locked" or "private" ? _locks.GetOrAdd(name, _ => new SemaphoreSlim(1, 1)) : null;
        if (gate is not null) await gate.WaitAsync(cancel);
        var folder = Path.Combine(Root, name);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, (UnixFileMode)((mount.Mode ?? 0x1ED) & 0xFFF));
        }
        return (folder, new Held(gate));
    }

    /// <summary>Empties all caches that no step holds.</summary>
    /// <returns>The bytes that were in them.</returns>
    public long Prune()
    {
        if (!Directory.Exists(Root)) return 0;
        var bytes = 0L;
        foreach (var folder in new DirectoryInfo(Root).EnumerateDirectories())
        {
            if (_locks.TryGetValue(folder.Name, out var gate) && gate.CurrentCount == 0) continue;
            bytes += folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Sum(f => f.Length);
            folder.Delete(recursive: true);
        }
        return bytes;
    }

    private sealed class Held(SemaphoreSlim? gate) : IDisposable
    {
        private SemaphoreSlim? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Release();
    }
}
