using Yun.Oci;

namespace Yun.Images.Repositories;

/// <summary>How many repositories stand on each piece of content.</summary>
internal sealed class ReferenceCounts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, int> _counts = [];

    public void Add(Digest digest)
    {
        lock (_lock) _counts[digest] = _counts.GetValueOrDefault(digest) + 1;
    }

    public void Remove(Digest digest)
    {
        lock (_lock)
        {
            if (--_counts[digest] == 0) _counts.Remove(digest);
        }
    }

    public bool Contains(Digest digest)
    {
        lock (_lock) return _counts.ContainsKey(digest);
    }
}
