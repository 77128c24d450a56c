namespace Yun.Commands.CommandLine;

/// <summary>
/// Docker's command line syntax (pflag): <c>--name value</c>, <c>--name=value</c>, <c>-p8000:80</c>, <c>-it</c>, <c>--</c>.
/// Options and arguments may be mixed unless the command stops at its first argument.
/// </summary>
public static class OptionParser
{
    /// <summary>Gives the options their values.</summary>
    /// <returns>The arguments that are left.</returns>
    /// <exception cref="OptionException">The text is not understood.</exception>
    public static List<string> Parse(IReadOnlyList<Option> options, IReadOnlyList<string> texts, bool stopAtFirstArgument)
    {
        List<string> arguments = [];
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            if (text == "--")
            {
                arguments.AddRange(texts.Skip(i + 1));
                break;
            }
            if (text.StartsWith("--", StringComparison.Ordinal)) ParseLong(options, texts, ref i);
            else if (text is ['-', _, ..]) ParseShort(options, texts, ref i);
            else if (stopAtFirstArgument)
            {
                arguments.AddRange(texts.Skip(i));
                break;
            }
            else arguments.Add(text);
        }
        return arguments;
    }

    private static void ParseLong(IReadOnlyList<Option> options, IReadOnlyList<string> texts, ref int i)
    {
        var text = texts[i][2..];
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? text : text[..equals];
        if (name.Length == 0 || name[0] == '-') throw new OptionException($"bad flag syntax: {texts[i]}");
        var option = options.FirstOrDefault(o => o.Name == name) ?? throw Unknown(name, $"unknown flag: --{name}{Meant(options, name)}");
        if (equals >= 0) Accept(option, text[(equals + 1)..]);
        else if (!option.NeedsValue) Accept(option, "true");
        else if (i + 1 < texts.Count) Accept(option, texts[++i]);
        else throw new OptionException($"flag needs an argument: --{name}");
    }

    private static void ParseShort(IReadOnlyList<Option> options, IReadOnlyList<string> texts, ref int i)
    {
        var letters = texts[i].AsSpan(1);
        while (letters.Length > 0)
        {
            var letter = letters[0];
            var option = options.FirstOrDefault(o => o.Shorthand == letter)
                ?? throw Unknown(letter.ToString(), $"unknown shorthand flag: '{letter}' in -{letters}");
            if (letters is [_, '=', ..] && (option.NeedsValue || letters.Length > 2))
            {
                Accept(option, letters[2..].ToString());
                return;
            }
            if (!option.NeedsValue)
            {
                Accept(option, "true");
                letters = letters[1..];
                continue;
            }
            if (letters.Length > 1) Accept(option, letters[1..].ToString());
            else if (i + 1 < texts.Count) Accept(option, texts[++i]);
            else throw new OptionException($"flag needs an argument: '{letter}' in -{letters}");
            return;
        }
    }

    // -h asks for help only where no option has taken the letter (run's -h is the host name).
    private static OptionException Unknown(string name, string message) => name is "help" or "h" ? new HelpRequested() : new OptionException(message);

    private static string Meant(IReadOnlyList<Option> options, string name) => DidYouMean.Line(name, options.Where(o => !o.Hidden).Select(o => o.Name), "--");

    private static void Accept(Option option, string text)
    {
        try
        {
            option.Accept(text);
        }
        catch (FormatException error)
        {
            throw new OptionException($"invalid argument \"{text}\" for \"{option.Spelling}\" flag: {error.Message}");
        }
    }
}

/// <summary>The command line is not understood; the message is for the user, who is shown the usage as well.</summary>
public class OptionException(string message) : Exception(message);

/// <summary>The user asks for help.</summary>
public sealed class HelpRequested() : OptionException("help requested");
