namespace Yun.Runtime.Keep;

/// <summary>Bytes that wait for a descriptor to take them; without memory while there are none.</summary>
internal sealed class SendQueue
{
    private byte[] _bytes = [];
    private int _start, _end;

    public int Count => _end - _start;

    public ReadOnlySpan<byte> Waiting => _bytes.AsSpan(_start.._end);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _end < bytes.Length)
        {
            var needed = Count + bytes.Length;
            var larger = needed <= _bytes.Length / 2 ? _bytes : new byte[Math.Max(needed, Math.Max(4096, _bytes.Length * 2))];
            Waiting.CopyTo(larger);
            (_bytes, _start, _end) = (larger, 0, Count);
        }
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    public void Taken(int count)
    {
        _start += count;
        if (_start == _end) Clear();
    }

    public void Clear() => (_bytes, _start, _end) = ([], 0, 0);
}
