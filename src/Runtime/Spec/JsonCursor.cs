using Yun.Runtime.Compile;

namespace Yun.Runtime.Spec;

/// <summary>
/// Reads JSON forward, knowing where it is, so that a wrong value is reported by its field. A serializer would spend a third of a container's
/// start on learning the types (measured, docs/runtime.md), and would not know a bad value's meaning.
/// </summary>
internal ref struct JsonCursor
{
    private const int DepthMax = 32;
    private JsonTokens _tokens;
    private readonly List<(string? Name, int Index)> _path = [];

    public JsonCursor(ReadOnlySpan<byte> json)
    {
        _tokens = new JsonTokens(json, DepthMax);
        Read();
    }

    /// <summary>The field being read, such as <c>linux.namespaces[2].type</c>.</summary>
    public readonly string Field
    {
        get
        {
            var text = "";
            foreach (var (name, index) in _path) text += name is null ? $"[{index}]" : text.Length == 0 ? name : "." + name;
            return text.Length == 0 ? "config.json" : text;
        }
    }

    public readonly bool IsNull => _tokens.Token == JsonToken.Null;

    /// <summary>Begins an object; a null counts as one that says nothing, and gives false.</summary>
    public bool BeginObject() => Begin(JsonToken.BeginObject, "an object");

    /// <summary>Begins a list; a null gives false.</summary>
    public bool BeginList()
    {
        if (!Begin(JsonToken.BeginList, "a list")) return false;
        _path.Add((null, -1));
        return true;
    }

    /// <summary>Moves to the next property's value. False at the object's end.</summary>
    public bool NextProperty(out string name)
    {
        Read();
        if (_tokens.Token == JsonToken.EndObject)
        {
            name = "";
            return false;
        }
        name = Decoded();
        _path.Add((name, 0));
        Read();
        return true;
    }

    /// <summary>To be called after each property's value.</summary>
    public readonly void EndProperty() => _path.RemoveAt(_path.Count - 1);

    /// <summary>Moves to the next item. False at the list's end.</summary>
    public bool NextItem()
    {
        Read();
        var index = _path[^1].Index + 1;
        _path.RemoveAt(_path.Count - 1);
        if (_tokens.Token == JsonToken.EndList) return false;
        _path.Add((null, index));
        return true;
    }

    public readonly string Text() => _tokens.Token switch
    {
        JsonToken.Text => Decoded(),
        JsonToken.Null => "",
        _ => throw Wrong("a text"),
    };

    public readonly bool Boolean() => _tokens.Token switch
    {
        JsonToken.True => true,
        JsonToken.False or JsonToken.Null => false,
        _ => throw Wrong("true or false"),
    };

    public readonly long Integer() => _tokens.Token == JsonToken.Number && _tokens.TryGetInt64(out var value) ? value : throw Wrong("a whole number");

    public readonly ulong Unsigned() => _tokens.Token == JsonToken.Number && _tokens.TryGetUInt64(out var value) ? value : throw Wrong("a whole number of 0 or more");

    public readonly uint Unsigned32() => Unsigned() is <= uint.MaxValue and var value ? (uint)value : throw Wrong($"at most {uint.MaxValue}");

    public readonly int Integer32() => Integer() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : throw Wrong("a 32-bit number");

    public void Skip()
    {
        try { _tokens.Skip(); }
        catch (JsonException error) { throw Broken(error); }
    }

    public List<string>? Texts()
    {
        if (!BeginList()) return null;
        var texts = new List<string>();
        while (NextItem()) texts.Add(Text());
        return texts;
    }

    public Dictionary<string, string>? TextMap()
    {
        if (!BeginObject()) return null;
        var map = new Dictionary<string, string>();
        while (NextProperty(out var name))
        {
            map[name] = Text();
            EndProperty();
        }
        return map;
    }

    private bool Begin(JsonToken token, string expected)
    {
        if (_tokens.Token == token) return true;
        return IsNull ? false : throw Wrong(expected);
    }

    private void Read()
    {
        try { _tokens.Next(); }
        catch (JsonException error) { throw Broken(error); }
    }

    private readonly string Decoded()
    {
        try { return _tokens.GetText(); }
        catch (JsonException error) { throw Broken(error); }
    }

    private readonly SpecException Broken(JsonException error) => new(Field, error.Message);

    private readonly SpecException Wrong(string expected) => new(Field, $"must be {expected}, not {Found()}");

    private readonly string Found() => _tokens.Token switch
    {
        JsonToken.Text => $"'{Decoded()}'",
        JsonToken.Number => _tokens.GetNumber(),
        JsonToken.BeginObject => "an object",
        JsonToken.BeginList => "a list",
        JsonToken.True => "true",
        JsonToken.False => "false",
        _ => "null",
    };
}
