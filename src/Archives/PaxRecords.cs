using System.Globalization;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>A PAX extended header: records of <c>length key=value</c> that overrule the header after them (POSIX pax, "pax Header Block").</summary>
internal sealed class PaxRecords
{
    private const string AttributePrefix = "SCHILY.xattr.";
    private readonly Dictionary<string, byte[]> _values = [];

    public Dictionary<string, byte[]> Attributes { get; } = [];

    /// <summary>GNU's sparse format 0.0 repeats offset and numbytes, so order counts.</summary>
    public List<long> SparseNumbers { get; } = [];

    public byte[]? this[string key] => _values.GetValueOrDefault(key);

    public string? Text(string key) => this[key] is { Length: > 0 } value ? FileName.Decode(value) : null;

    public FileTime? Time(string key) => this[key] is not { Length: > 0 } value ? null : TarFormat.Time(value) ?? throw new TarException($"the extended header's {key} is no time");

    public long? Number(string key) => this[key] is not { Length: > 0 } value ? null
        : long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new TarException($"the extended header's {key} is no number");

    public void Add(ReadOnlySpan<byte> records)
    {
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            if (space <= 0 || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > records.Length || records[length - 1] != (byte)'\n')
                throw new TarException("its extended header is malformed");
            var record = records[(space + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0) throw new TarException("its extended header has a record without a name");
            Add(FileName.Decode(record[..equals]), record[(equals + 1)..].ToArray());
            records = records[length..];
        }
    }

    private void Add(string key, byte[] value)
    {
        // A zero inside a name would end it early for the kernel and not for us.
        if (key is "path" or "linkpath" or "GNU.sparse.name" && value.Contains((byte)0)) throw new TarException($"the extended header's {key} has a zero byte");
        if (key.StartsWith(AttributePrefix, StringComparison.Ordinal)) Attributes[key[AttributePrefix.Length..]] = value;
        else if (key is "GNU.sparse.offset" or "GNU.sparse.numbytes")
        {
            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) throw new TarException($"the extended header's {key} is no number");
            SparseNumbers.Add(number);
        }
        else _values[key] = value;
    }
}
