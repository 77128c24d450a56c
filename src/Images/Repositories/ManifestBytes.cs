using System.Collections.Concurrent;
using Yun.Oci;

namespace Yun.Images.Repositories;

/// <summary>Manifests that were asked for lately, in memory: they are small, many, and asked for at every pull. When it is full it begins anew, which costs a read each.</summary>
internal sealed class ManifestBytes
{
    private const long BytesMax = 16 << 20;
    private readonly ConcurrentDictionary<Digest, byte[]> _known = new();
    private long _bytes;

    public byte[]? Find(Digest digest) => _known.GetValueOrDefault(digest);

    public void Keep(Digest digest, byte[] bytes)
    {
        if (!_known.TryAdd(digest, bytes)) return;
        if (Interlocked.Add(ref _bytes, bytes.Length) <= BytesMax) return;
        _known.Clear();
        Interlocked.Exchange(ref _bytes, 0);
    }

    public void Drop(Digest digest)
    {
        if (_known.TryRemove(digest, out var bytes)) Interlocked.Add(ref _bytes, -bytes.Length);
    }
}
