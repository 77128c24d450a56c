using System.Globalization;

namespace Yun.Archives;

/// <summary>Which parts of a sparse file are in the archive, in the four ways GNU tar has written that down (GNU tar manual, "Storing Sparse Files").</summary>
internal sealed class SparseMap
{
    private const int PartsMax = 1_000_000;
    private readonly List<SparsePart> _parts = [];

    /// <summary>Entries of 12 octal digits offset and 12 length, ended by an empty one. False when no further block follows.</summary>
    public bool AddOld(ReadOnlySpan<byte> entries, bool more)
    {
        for (; entries.Length >= 24 && entries[0] != 0; entries = entries[24..])
            Add(TarFormat.Number(entries[..12]), TarFormat.Number(entries.Slice(12, 12)));
        return more;
    }

    /// <summary>Formats 0.0 and 0.1: the map is in the extended header.</summary>
    public void AddRecords(PaxRecords pax)
    {
        var numbers = pax.Text("GNU.sparse.map") is { } map ? map.Split(',').Select(Parse).ToList() : [.. pax.SparseNumbers.Select(number => (long?)number)];
        if (numbers.Count % 2 != 0) throw new TarException("its sparse map is malformed");
        for (var i = 0; i < numbers.Count; i += 2) Add(numbers[i], numbers[i + 1]);
    }

    /// <summary>Format 1.0: the content begins with the map, decimal numbers each on a line, filled up to a whole block.</summary>
    public void AddHead(TarReader tar)
    {
        var head = new MapText(tar);
        var count = head.Number();
        if (count > PartsMax) throw new TarException("its sparse map is too long");
        for (var i = 0; i < count; i++) Add(head.Number(), head.Number());
        head.FinishBlock();
    }

    /// <exception cref="TarException">The parts overlap, leave the file, or are not what the archive holds.</exception>
    public IReadOnlyList<SparsePart> Checked(long size, long contentLength)
    {
        long end = 0, sum = 0;
        foreach (var part in _parts)
        {
            if (part.Offset < end || part.Length < 0 || part.Offset > size - part.Length) throw new TarException("its sparse map contradicts its size");
            (end, sum) = (part.Offset + part.Length, sum + part.Length);
        }
        return sum == contentLength ? _parts : throw new TarException("its sparse map contradicts its content");
    }

    private void Add(long? offset, long? length)
    {
        if (offset is not >= 0 || length is not >= 0 || _parts.Count == PartsMax) throw new TarException("its sparse map is malformed");
        if (length > 0) _parts.Add(new SparsePart(offset.Value, length.Value));
    }

    private static long? Parse(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Takes whole 512-byte blocks of content, since the file's own bytes begin at the next one.</summary>
    private sealed class MapText(TarReader tar)
    {
        private readonly Queue<byte> _left = new();

        public long Number()
        {
            long number = 0;
            for (var digits = 0; ; digits++)
            {
                var next = Byte();
                if (next == (byte)'\n' && digits > 0) return number;
                if (next is < (byte)'0' or > (byte)'9' || digits > 18) throw new TarException("its sparse map is malformed");
                number = number * 10 + (next - '0');
            }
        }

        public void FinishBlock() => _left.Clear();

        private byte Byte()
        {
            if (_left.Count == 0)
                foreach (var b in tar.ReadBlock()) _left.Enqueue(b);
            return _left.Dequeue();
        }
    }
}
