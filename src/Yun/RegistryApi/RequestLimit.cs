using System.Net;

namespace Yun.RegistryApi;

/// <summary>Requests each address may send: so many a second, and twice as many after a pause.</summary>
internal sealed class RequestLimit(int perSecond, TimeProvider time)
{
    private const int AddressesMax = 10_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, (double Left, long At)> _buckets = [];

    public bool TryTake(IPAddress? address)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            // Who has not asked for a while has a full bucket, which is as good as none.
            if (_buckets.Count >= AddressesMax) _buckets.Clear();
            var key = address ?? IPAddress.None;
            var (left, at) = _buckets.GetValueOrDefault(key, (2.0 * perSecond, now));
            left = Math.Min(2.0 * perSecond, left + time.GetElapsedTime(at, now).TotalSeconds * perSecond);
            var allowed = left >= 1;
            _buckets[key] = (allowed ? left - 1 : left, now);
            return allowed;
        }
    }
}
