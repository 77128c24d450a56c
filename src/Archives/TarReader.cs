using Yun.Linux;

namespace Yun.Archives;

/// <summary>
/// Reads a tar as a stream, forward only: ustar, old v7, PAX and GNU with long names and sparse files. Sizes and counts in headers are not trusted: nothing is set
/// aside for content that has not arrived. One buffer is reused for everything, so what <see cref="ReadContent"/> gives is good until the next call.
/// </summary>
public sealed class TarReader(Stream source)
{
    // A path has at most 4096 bytes, and an extended attribute 64 KiB; Go's reader draws the same line.
    private const int ExtensionMax = 1 << 20;
    private const int BufferSize = 256 * 1024;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
    private int _start, _end;
    private long _contentLeft;
    private int _padding;
    private long _position;

    /// <summary>Sees every byte of the archive as it is consumed, and whether it is content of the current entry or anything else.</summary>
    internal Observer? Observe { get; set; }

    internal delegate void Observer(ReadOnlySpan<byte> bytes, bool isContent);

    /// <summary>How far into the archive the reader is.</summary>
    public long Position => _position;

    /// <summary>Bytes of the current entry's content that were not read yet.</summary>
    public long ContentLeft => _contentLeft;

    /// <summary>Goes to the next entry, past what is left of this one. Null at the end of the archive.</summary>
    public TarEntry? Next()
    {
        SkipContent();
        PaxRecords? pax = null;
        string? longName = null, longLink = null;
        while (true)
        {
            var header = TakeHeader();
            if (header.IsEmpty) return pax is null && longName is null && longLink is null ? null : throw new TarException("the archive ends after an extended header");
            var kind = header[156];
            switch (kind)
            {
                case (byte)'x':
                    (pax ??= new PaxRecords()).Add(TakeExtension(header));
                    continue;
                case (byte)'g':
                    // Comments of the archive as a whole; Docker ignores them too.
                    TakeExtension(header);
                    continue;
                case (byte)'L':
                    longName = TarFormat.Text(TakeExtension(header));
                    continue;
                case (byte)'K':
                    longLink = TarFormat.Text(TakeExtension(header));
                    continue;
                default:
                    return Entry(header, pax, longName, longLink);
            }
        }
    }

    /// <summary>The next bytes of the current entry's content, straight from the buffer; empty at its end.</summary>
    /// <param name="max">No more than this; at least one byte comes before the end.</param>
    public ReadOnlySpan<byte> ReadContent(int max = int.MaxValue)
    {
        if (_contentLeft == 0) return default;
        if (_start == _end) Fill(1);
        var length = (int)Math.Min(Math.Min(_end - _start, max), _contentLeft);
        var bytes = Take(length, isContent: true);
        _contentLeft -= length;
        return bytes;
    }

    /// <summary>Reads what follows the end of the archive, since digests cover that too.</summary>
    public void Drain()
    {
        SkipContent();
        while (true)
        {
            if (_start < _end) Take(_end - _start, isContent: false);
            else if (!TryFill(1)) return;
        }
    }

    /// <summary>All of the current entry's content.</summary>
    internal byte[] ReadAll(int max)
    {
        if (_contentLeft > max) throw new TarException($"it has {_contentLeft} bytes where {max} are allowed");
        var all = new byte[(int)_contentLeft];
        for (var done = 0; done < all.Length;)
        {
            var part = ReadContent();
            part.CopyTo(all.AsSpan(done));
            done += part.Length;
        }
        return all;
    }

    /// <summary>One block of the current entry's content.</summary>
    internal ReadOnlySpan<byte> ReadBlock()
    {
        if (_contentLeft < TarFormat.BlockSize) throw new TarException("its content is cut short");
        Fill(TarFormat.BlockSize);
        _contentLeft -= TarFormat.BlockSize;
        return Take(TarFormat.BlockSize, isContent: false);
    }

    private TarEntry Entry(ReadOnlySpan<byte> header, PaxRecords? pax, string? longName, string? longLink)
    {
        // Reading a sparse file's map moves the buffer under the header.
        if (pax is not null || header[156] == (byte)'S') header = header.ToArray();
        var draft = new TarHeader(header, pax, longName, longLink);
        _contentLeft = draft.ContentLength;
        _padding = TarFormat.Padding(draft.ContentLength);
        if (!draft.IsSparse) return draft.ToEntry(null);

        // Old GNU keeps more of its map in blocks after the header, PAX 1.0 in the content's first blocks.
        var map = new SparseMap();
        if (draft.IsOldSparse)
        {
            var more = map.AddOld(header.Slice(386, 4 * 24), header[482] != 0);
            while (more)
            {
                Fill(TarFormat.BlockSize);
                var block = Take(TarFormat.BlockSize, isContent: false);
                more = map.AddOld(block[..(21 * 24)], block[504] != 0);
            }
        }
        else if (pax!.Number("GNU.sparse.major") == 1) map.AddHead(this);
        else map.AddRecords(pax);
        return draft.ToEntry(map.Checked(draft.Size, _contentLeft));
    }

    private void SkipContent()
    {
        while (_contentLeft > 0) ReadContent();
        while (_padding > 0)
        {
            if (_start == _end && !TryFill(1))
            {
                // Some writers leave out the padding of the last entry.
                _padding = 0;
                return;
            }
            var length = Math.Min(_end - _start, _padding);
            Take(length, isContent: false);
            _padding -= length;
        }
    }

    /// <summary>A header whose checksum is right; empty at the end of the archive: two zero blocks, or where the stream ends between two entries.</summary>
    private ReadOnlySpan<byte> TakeHeader()
    {
        if (!TryFill(TarFormat.BlockSize)) return _start == _end ? default : throw new TarException("the archive is cut short");
        var header = Take(TarFormat.BlockSize, isContent: false);
        if (!header.ContainsAnyExcept((byte)0)) return default;
        var (unsigned, signed) = TarFormat.Checksum(header);
        return TarFormat.Number(header.Slice(148, 8)) is { } sum && (sum == unsigned || sum == signed) ? header
            : throw new TarException(_position == TarFormat.BlockSize ? "this is not a tar archive" : $"the header at byte {_position - TarFormat.BlockSize} is damaged");
    }

    private byte[] TakeExtension(ReadOnlySpan<byte> header)
    {
        if (TarFormat.Number(header.Slice(124, 12)) is not (>= 0 and <= ExtensionMax and var size)) throw new TarException($"an extended header is larger than {ExtensionMax} bytes");
        var bytes = new byte[size];
        for (var done = 0; done < bytes.Length;)
        {
            if (_start == _end) Fill(1);
            var part = Take(Math.Min(_end - _start, bytes.Length - done), isContent: false);
            part.CopyTo(bytes.AsSpan(done));
            done += part.Length;
        }
        _padding = TarFormat.Padding(size);
        SkipContent();
        return bytes;
    }

    private ReadOnlySpan<byte> Take(int length, bool isContent)
    {
        var bytes = _buffer.AsSpan(_start, length);
        _start += length;
        _position += length;
        Observe?.Invoke(bytes, isContent);
        return bytes;
    }

    private void Fill(int needed)
    {
        if (!TryFill(needed)) throw new TarException("the archive is cut short");
    }

    private bool TryFill(int needed)
    {
        if (_end - _start >= needed) return true;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (_end < needed)
        {
            var read = source.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0) return false;
            _end += read;
        }
        return true;
    }
}
