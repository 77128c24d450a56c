namespace Yun.Commands.CommandLine;

/// <summary>One <c>--flag</c> of a command. The value it was given is read from the subclass after parsing.</summary>
public abstract class Option(string name, char? shorthand, string typeName, string summary)
{
    public string Name => name;
    public char? Shorthand => shorthand;
    /// <summary>What help shows behind the name; empty for an option that needs no value.</summary>
    public string TypeName => typeName;
    public string Summary => summary;
    /// <summary>What help shows as the default; null where the default is empty.</summary>
    public string? DefaultText { get; init; }
    /// <summary>Understood, and not shown: older spellings, and what only other platforms do.</summary>
    public bool Hidden { get; init; }
    public bool IsSet { get; private set; }
    public bool NeedsValue => typeName.Length > 0;

    /// <summary>As error messages name it.</summary>
    public string Spelling => shorthand is { } letter ? $"-{letter}, --{name}" : $"--{name}";

    /// <exception cref="FormatException">The value is not one; the message says why.</exception>
    public void Accept(string text)
    {
        Parse(text);
        IsSet = true;
    }

    protected abstract void Parse(string text);
}

/// <summary>True when it is there; <c>--flag=false</c> takes back a default.</summary>
public sealed class Flag(string name, char? shorthand, string summary, bool value = false) : Option(name, shorthand, "", summary)
{
    public bool Value { get; private set; } = value;

    protected override void Parse(string text) => Value = text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException($"strconv.ParseBool: parsing \"{text}\": invalid syntax"),
    };

    public static implicit operator bool(Flag flag) => flag.Value;
}

/// <summary>One value; the last one given counts.</summary>
public sealed class Setting<T>(string name, char? shorthand, string typeName, string summary, T value, Func<string, T> parse)
    : Option(name, shorthand, typeName, summary)
{
    public T Value { get; private set; } = value;

    protected override void Parse(string text) => Value = parse(text);
}

/// <summary>Any number of values, in their order.</summary>
public sealed class ListOption<T>(string name, char? shorthand, string typeName, string summary, Func<string, IEnumerable<T>> parse)
    : Option(name, shorthand, typeName, summary)
{
    private readonly List<T> _values = [];

    public IReadOnlyList<T> Values => _values;

    protected override void Parse(string text) => _values.AddRange(parse(text));

    /// <summary>The values, or null when there are none, as requests have it.</summary>
    public List<T>? OrNull() => _values.Count == 0 ? null : [.. _values];
}
