using Yun.Linux;

namespace Yun.Archives;

/// <summary>One header block with the extensions that came before it, read as they overrule each other: PAX over GNU long names over the header's own fields.</summary>
internal readonly ref struct TarHeader
{
    // -1 as an id means "leave it" to chown, and nobody owns it.
    private const long IdMax = uint.MaxValue - 1;
    private readonly ReadOnlySpan<byte> _header;
    private readonly PaxRecords? _pax;
    private readonly string? _longLink;
    private readonly string _name;
    private readonly byte _type;

    public TarHeader(ReadOnlySpan<byte> header, PaxRecords? pax, string? longName, string? longLink)
    {
        _header = header;
        (_pax, _longLink, _type) = (pax, longLink, header[156]);
        _name = pax?.Text("GNU.sparse.name") ?? pax?.Text("path") ?? longName ?? OwnName(header);
        var size = pax?.Number("size") ?? TarFormat.Number(header.Slice(124, 12));
        if (size is not >= 0) throw new TarException("its size is no number");
        // Links, devices, directories and fifos have no content, whatever size they claim.
        ContentLength = _type is (byte)'1' or (byte)'2' or (byte)'3' or (byte)'4' or (byte)'5' or (byte)'6' || (IsFile && _name.EndsWith('/')) ? 0 : size.Value;
        Size = IsOldSparse ? TarFormat.Number(header.Slice(483, 12)) ?? -1
            : IsPaxSparse ? pax!.Number("GNU.sparse.realsize") ?? pax.Number("GNU.sparse.size") ?? -1
            : ContentLength;
        if (Size < 0) throw new TarException("its real size is no number");
    }

    /// <summary>Bytes that follow in the archive.</summary>
    public long ContentLength { get; }

    /// <summary>Bytes the file has when it is unpacked.</summary>
    public long Size { get; }

    public bool IsOldSparse => _type == (byte)'S';

    public bool IsSparse => IsOldSparse || IsPaxSparse;

    private bool IsPaxSparse => IsFile && _pax is { } pax && (pax["GNU.sparse.major"] is not null || pax["GNU.sparse.map"] is not null || pax.SparseNumbers.Count > 0);

    private bool IsFile => _type is 0 or (byte)'0' or (byte)'7';

    public TarEntry ToEntry(IReadOnlyList<SparsePart>? sparse) => new()
    {
        Kind = Kind(),
        IsHardLink = _type == (byte)'1',
        Name = _name,
        LinkTarget = _type is (byte)'1' or (byte)'2' ? _pax?.Text("linkpath") ?? _longLink ?? TarFormat.Text(_header.Slice(157, 100)) : "",
        Mode = (uint)(TarFormat.Number(_header.Slice(100, 8)) ?? throw new TarException("its mode is no number")) & 0xFFF,
        UserId = Id("uid", _header.Slice(108, 8)),
        GroupId = Id("gid", _header.Slice(116, 8)),
        UserName = _pax?.Text("uname") ?? TarFormat.Text(_header.Slice(265, 32)),
        GroupName = _pax?.Text("gname") ?? TarFormat.Text(_header.Slice(297, 32)),
        Size = Size,
        Modified = _pax?.Time("mtime") ?? new FileTime(TarFormat.Number(_header.Slice(136, 12)) ?? throw new TarException("its time is no number"), 0),
        Accessed = _pax?.Time("atime"),
        DeviceMajor = Device(_header.Slice(329, 8)),
        DeviceMinor = Device(_header.Slice(337, 8)),
        Attributes = _pax?.Attributes ?? [],
        Sparse = sparse,
    };

    private FileKind Kind() => _type switch
    {
        0 or (byte)'0' or (byte)'7' when _name.EndsWith('/') => FileKind.Directory,
        0 or (byte)'0' or (byte)'7' or (byte)'1' or (byte)'S' => FileKind.Regular,
        (byte)'2' => FileKind.SymbolicLink,
        (byte)'3' => FileKind.CharacterDevice,
        (byte)'4' => FileKind.BlockDevice,
        (byte)'5' or (byte)'D' => FileKind.Directory,
        (byte)'6' => FileKind.Fifo,
        _ => throw new TarException($"an entry of type {(char.IsAsciiLetterOrDigit((char)_type) ? $"'{(char)_type}'" : _type)} cannot be unpacked"),
    };

    private uint Id(string key, ReadOnlySpan<byte> field)
    {
        var id = _pax?.Number(key) ?? TarFormat.Number(field);
        return id is >= 0 and <= IdMax ? (uint)id : throw new TarException($"its {key} is no user or group");
    }

    // Writers put anything into these fields where there is no device.
    private uint Device(ReadOnlySpan<byte> field) => _type is not ((byte)'3' or (byte)'4') ? 0
        : TarFormat.Number(field) is >= 0 and <= uint.MaxValue and var number ? (uint)number : throw new TarException("its device number is no number");

    private static string OwnName(ReadOnlySpan<byte> header)
    {
        var name = TarFormat.ZeroEnded(header[..100]);
        // GNU's own magic, "ustar  ", puts times where ustar has the prefix.
        if (!header.Slice(257, 6).SequenceEqual("ustar\0"u8) || header[345] == 0) return FileName.Decode(name);
        byte[] whole = [.. TarFormat.ZeroEnded(header.Slice(345, 155)), (byte)'/', .. name];
        return FileName.Decode(whole);
    }
}
