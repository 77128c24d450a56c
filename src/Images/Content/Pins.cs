using Yun.Oci;

namespace Yun.Images.Content;

/// <summary>
/// Content that an operation counts on before any image refers to it. Who pins something and then finds it keeps it; what is pinned is not freed. Layers are pinned
/// by chain id and blobs by digest.
/// </summary>
internal sealed class Pins
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, int> _counts = [];

    public Lease Take() => new(this);

    /// <summary>Frees what nobody pins, while nobody can begin to.</summary>
    public bool TryFree(Digest digest, Action free)
    {
        lock (_lock)
        {
            if (_counts.ContainsKey(digest)) return false;
            free();
            return true;
        }
    }

    public sealed class Lease(Pins pins) : IDisposable
    {
        private readonly List<Digest> _held = [];

        public IReadOnlyList<Digest> Held
        {
            get { lock (pins._lock) return [.. _held]; }
        }

        public void Add(params IEnumerable<Digest> digests)
        {
            lock (pins._lock)
            {
                foreach (var digest in digests)
                {
                    pins._counts[digest] = pins._counts.GetValueOrDefault(digest) + 1;
                    _held.Add(digest);
                }
            }
        }

        public void Dispose()
        {
            lock (pins._lock)
            {
                foreach (var digest in _held)
                    if (--pins._counts[digest] == 0) pins._counts.Remove(digest);
                _held.Clear();
            }
        }
    }
}
