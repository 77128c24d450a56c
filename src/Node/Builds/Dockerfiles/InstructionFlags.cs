using System.Text;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>The <c>--name=value</c> words between an instruction's keyword and its arguments.</summary>
internal sealed class InstructionFlags
{
    private readonly IReadOnlyList<string> _words;
    private readonly InstructionText _source;
    private readonly Dictionary<string, List<string>> _values = [];

    private InstructionFlags(IReadOnlyList<string> words, InstructionText source) => (_words, _source) = (words, source);

    /// <param name="boolean">Flags whose value may be left out.</param>
    /// <param name="repeatable">Flags that may stand several times.</param>
    public static InstructionFlags Parse(IReadOnlyList<string> words, InstructionText source, string[]? single = null, string[]? boolean = null, string[]? repeatable = null)
    {
        var flags = new InstructionFlags(words, source);
        string[] known = [.. single ?? [], .. boolean ?? [], .. repeatable ?? []];
        foreach (var word in words)
        {
            if (word == "--") break;
            var equals = word.IndexOf('=');
            var name = equals < 0 ? word[2..] : word[2..equals];
            var value = equals < 0 ? null : word[(equals + 1)..];
            if (!known.Contains(name)) throw flags.Wrong($"unknown flag: --{name}{Suggestion.For(name, known)}", word);
            if (!flags._values.TryGetValue(name, out var values)) flags._values[name] = values = [];
            else if (repeatable?.Contains(name) != true) throw flags.Wrong($"duplicate flag specified: --{name}", word);
            values.Add(boolean?.Contains(name) == true ? flags.Boolean(name, value) : value ?? throw flags.Wrong($"missing a value on flag: --{name}", word));
        }
        return flags;
    }

    public string? Single(string name) => _values.TryGetValue(name, out var values) ? values[0] : null;

    public bool IsSet(string name) => Single(name) == "true";

    public IReadOnlyList<string> All(string name) => _values.TryGetValue(name, out var values) ? values : [];

    /// <summary>Cuts the flags off the front. Quotes and backslashes in them are taken away, as the shell would.</summary>
    public static (IReadOnlyList<string> Words, string Arguments) Split(string text)
    {
        var words = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (string.CompareOrdinal(text, at, "--", 0, 2) != 0) return (words, text[at..]);
            var word = Word(text, ref at);
            words.Add(word);
            if (word == "--") return (words, text[at..].TrimStart());
        }
    }

    private static string Word(string text, ref int at)
    {
        var word = new StringBuilder();
        var quote = '\0';
        for (; at < text.Length && (quote != '\0' || !char.IsWhiteSpace(text[at])); at++)
        {
            var c = text[at];
            if (quote != '\0' && c == quote) quote = '\0';
            else if (quote == '\0' && c is '\'' or '"') quote = c;
            else if (c == '\\' && at + 1 < text.Length) word.Append(text[++at]);
            else word.Append(c);
        }
        return word.ToString();
    }

    private string Boolean(string name, string? value) => value?.ToLowerInvariant() switch
    {
        null => "true",
        "true" => "true",
        "false" => "false",
        "" => throw Wrong($"missing a value on flag: --{name}", $"--{name}"),
        _ => throw Wrong($"expecting boolean value for flag --{name}, not: {value}", $"--{name}"),
    };

    private DockerfileException Wrong(string problem, string word) => new(_source.PlaceOf(word), problem);
}
