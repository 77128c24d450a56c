namespace Yun.Runtime.Commands;

/// <summary>The words of a command line, taken from the front. Options are <c>--name value</c>, <c>--name=value</c> or a flag.</summary>
internal sealed class CommandLine(string[] words)
{
    private int _at;

    /// <summary>The next word whatever it is, or null at the end.</summary>
    public string? Next() => _at < words.Length ? words[_at++] : null;

    public bool AsksForHelp => _at < words.Length && words[_at] is "--help" or "-h";

    /// <summary>The next argument, which the message names when it is missing.</summary>
    public string Required(string name) => Next() ?? throw new UsageException($"{name} is missing");

    /// <summary>All that is left.</summary>
    public List<string> Rest()
    {
        List<string> rest = [.. words.AsSpan(_at)];
        _at = words.Length;
        return rest;
    }

    /// <summary>Takes options up to the first word that is none, handing each to <paramref name="take"/>, which reads a value through the function it is given.</summary>
    /// <returns>False from <paramref name="take"/> means there is no such option.</returns>
    public void Options(Func<string, Func<string>, bool> take)
    {
        while (_at < words.Length && words[_at].Length > 1 && words[_at][0] == '-')
        {
            var word = words[_at++];
            if (word == "--") return;
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? word : word[..equals];
            if (name.Length > 2 && name[1] != '-') name = "-" + name; // Go's flags may have one dash or two.
            if (!take(name, () => equals >= 0 ? word[(equals + 1)..] : Next() ?? throw new UsageException($"{name} needs a value")))
            {
                if (IsQuestion(name)) { _at--; return; }
                throw new UsageException($"there is no option {name}");
            }
        }
    }

    private static bool IsQuestion(string name) => name is "--help" or "-h" or "--version" or "-v";
}
