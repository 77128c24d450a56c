namespace Yun.Commands.Streams;

/// <summary>
/// Watches what is typed for the keys that let go of a container (<c>ctrl-p,ctrl-q</c>). Keys that could be the beginning are held back until
/// they turn out to be something else.
/// </summary>
public sealed class DetachKeys
{
    public const string Default = "ctrl-p,ctrl-q";
    private readonly byte[] _keys;
    private int _matched;

    private DetachKeys(byte[] keys) => _keys = keys;

    public static DetachKeys Parse(string text) => new([.. text.Split(',').Select(ParseKey)]);

    private static byte ParseKey(string name)
    {
        if (name.Length == 1) return (byte)name[0];
        if (name.StartsWith("ctrl-", StringComparison.Ordinal) && name.Length == 6)
        {
            var key = name[5];
            if (key is >= 'a' and <= 'z') return (byte)(key - 'a' + 1);
            if (key == '@') return 0;
            if ("[\\]^_".IndexOf(key, StringComparison.Ordinal) is >= 0 and var index) return (byte)(27 + index);
        }
        if (name == "DEL") return 127;
        throw new FailureException($"invalid detach keys: Unknown character: '{name}'");
    }

    /// <summary>What of the typed bytes is to be passed on; null when the keys were complete.</summary>
    public byte[]? Filter(ReadOnlySpan<byte> typed)
    {
        var passed = new List<byte>(typed.Length + _matched);
        foreach (var key in typed)
        {
            if (key == _keys[_matched])
            {
                if (++_matched == _keys.Length) return null;
                continue;
            }
            passed.AddRange(_keys.AsSpan(0, _matched));
            _matched = 0;
            if (key == _keys[0])
            {
                _matched = 1;
                if (_keys.Length == 1) return null;
            }
            else passed.Add(key);
        }
        return [.. passed];
    }
}
