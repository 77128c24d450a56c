using System.Buffers;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>The keys that leave a terminal without ending what runs in it. Typed in a row they are swallowed; a beginning that goes on differently is passed on.</summary>
public sealed class DetachKeys
{
    private const string Default = "ctrl-p,ctrl-q";
    private readonly byte[] _keys;
    private int _matched;

    private DetachKeys(byte[] keys) => _keys = keys;

    /// <param name="text">Characters, or <c>ctrl-</c> and one of a to z, @, [, \, ], ^, _, separated by commas; null or empty for Docker's default.</param>
    /// <exception cref="EngineException">400 in Docker's words.</exception>
    public static DetachKeys Parse(string? text)
    {
        text = text is { Length: > 0 } ? text : Default;
        try { return new DetachKeys([.. text.Split(',').Select(Key)]); }
        catch (FormatException error) { throw new EngineException(ErrorKind.InvalidArgument, $"Invalid detach keys ({text}) provided", error); }
    }

    /// <summary>Writes what was typed, but for the keys, to <paramref name="output"/>. True when all of them have been typed; what follows is dropped.</summary>
    public bool Scan(ReadOnlySpan<byte> typed, IBufferWriter<byte> output)
    {
        foreach (var key in typed)
        {
            if (key == _keys[_matched])
            {
                if (++_matched == _keys.Length) return true;
                continue;
            }
            // What was held back was no beginning after all; but its own end may be one.
            while (_matched > 0)
            {
                var held = _matched--;
                while (_matched > 0 && !_keys.AsSpan(held - _matched, _matched).SequenceEqual(_keys.AsSpan(0, _matched))) _matched--;
                output.Write(_keys.AsSpan(0, held - _matched));
                if (key == _keys[_matched]) break;
            }
            if (key == _keys[_matched]) _matched++;
            else output.Write([key]);
            if (_matched == _keys.Length) return true;
        }
        return false;
    }

    private static byte Key(string name)
    {
        if (name.Length == 1 && name[0] < 128) return (byte)name[0];
        if (!name.StartsWith("ctrl-", StringComparison.Ordinal) || name.Length != 6) throw new FormatException();
        return name[5] is >= 'a' and <= 'z' ? (byte)(name[5] - 'a' + 1)
            : name[5] is '@' ? (byte)0
            : name[5] is >= '[' and <= '_' ? (byte)(name[5] - '[' + 27)
            : throw new FormatException();
    }
}
