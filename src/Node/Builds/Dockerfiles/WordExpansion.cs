using System.Text;
using Yun.Protocol;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>
/// Replaces variables in a word and takes its quotes and escapes away, as Docker does: <c>$x ${x} ${x:-d} ${x-d} ${x:+d} ${x+d} ${x:?e} ${x?e}
/// ${x#p} ${x##p} ${x%p} ${x%%p} ${x/p/r} ${x//p/r}</c>. A variable that is not set is empty.
/// </summary>
public sealed partial class WordExpansion
{
    // Values can be built from values, so a short file could ask for gigabytes.
    private const int LengthMax = 1 << 20;
    // Each ${…} inside another takes some of the stack, which nothing can catch the end of.
    private const int DepthMax = 100;

    private readonly string _text;
    private readonly char _escape;
    private readonly IReadOnlyDictionary<string, string> _variables;
    private readonly ExpansionOptions _options;
    private int _at;
    private int _depth;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    private WordExpansion(string text, char escape, IReadOnlyDictionary<string, string> variables, ExpansionOptions options) =>
        (_text, _escape, _variables, _options) = (text, escape, variables, options);

    /// <summary>One word in, one word out; blanks in it stay.</summary>
    /// <exception cref="EngineException">A quote or brace is not closed, or a <c>:?</c> condition fails.</exception>
    public static string Word(string text, char escape, IReadOnlyDictionary<string, string> variables) =>
        new WordExpansion(text, escape, variables, ExpansionOptions.None).Run().Whole;

    /// <summary>The words after replacement: blanks in an unquoted variable cut, as EXPOSE needs it.</summary>
    public static List<string> ToWords(string text, char escape, IReadOnlyDictionary<string, string> variables) =>
        new WordExpansion(text, escape, variables, ExpansionOptions.None).Run().Words;

    /// <summary>A here-document's text: variables are replaced, quotes mean nothing.</summary>
    public static string Document(string text, char escape, IReadOnlyDictionary<string, string> variables) =>
        new WordExpansion(text, escape, variables, ExpansionOptions.QuotesAreText).Run().Whole;

    /// <summary>Finds what is wrong with a word whatever the values of its variables are.</summary>
    /// <param name="isDocument">It is a here-document's text.</param>
    /// <returns>The variables whose values it takes as they are, without saying what holds when one is not set.</returns>
    /// <exception cref="EngineException">A quote or brace is not closed, or a modifier is unknown.</exception>
    public static IReadOnlyCollection<string> Check(string text, char escape, bool isDocument = false)
    {
        var word = new WordExpansion(text, escape, new Dictionary<string, string>(), ExpansionOptions.KeepUnset | (isDocument ? ExpansionOptions.QuotesAreText : 0));
        word.Run();
        return word._taken;
    }

    internal static List<string> Literal(string text) => Unset(text, ExpansionOptions.KeepUnset);

    internal static List<string> LiteralWithQuotes(string text) => Unset(text, ExpansionOptions.KeepUnset | ExpansionOptions.KeepQuotes);

    internal static List<string> LiteralWithQuotesAndEscapes(string text) =>
        Unset(text, ExpansionOptions.KeepUnset | ExpansionOptions.KeepQuotes | ExpansionOptions.KeepEscapes);

    // A line that is no well-formed word (an unclosed quote) announces no here-document; the shell will say what is wrong with it.
    private static List<string> Unset(string text, ExpansionOptions options)
    {
        try
        {
            return new WordExpansion(text, '\\', new Dictionary<string, string>(), options).Run().Words;
        }
        catch (EngineException)
        {
            return [];
        }
    }

    private (string Whole, List<string> Words) Run()
    {
        try
        {
            return Until('\0', _options.HasFlag(ExpansionOptions.KeepEscapes));
        }
        catch (ExpansionFailure failure)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"failed to process {GoText.Quote(_text)}: {failure.Message}");
        }
    }

    private (string Whole, List<string> Words) Until(char stop, bool keepEscapes)
    {
        var whole = new StringBuilder();
        var words = new WordList();
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (stop != '\0' && c == stop)
            {
                _at++;
                return (whole.ToString(), words.Finish());
            }
            if (c == '$')
            {
                var value = Dollar();
                whole.Append(value);
                words.AddCutting(value);
            }
            else if (c is '\'' or '"' && !_options.HasFlag(ExpansionOptions.QuotesAreText))
            {
                var value = c == '\'' ? SingleQuoted() : DoubleQuoted(keepEscapes);
                whole.Append(value);
                words.Add(value);
            }
            else if (c == _escape)
            {
                _at++;
                if (keepEscapes) Append(whole, words, c);
                if (_at < _text.Length) Append(whole, words, _text[_at++]);
            }
            else
            {
                _at++;
                whole.Append(c);
                words.AddCutting(c);
            }
            if (whole.Length > LengthMax) throw new ExpansionFailure($"the expanded value is longer than {LengthMax} characters");
        }
        if (stop != '\0') throw new ExpansionFailure(stop == '}' ? "syntax error: missing '}'" : "syntax error: missing '/' in ${}");
        return (whole.ToString(), words.Finish());
    }

    private static void Append(StringBuilder whole, WordList words, char c)
    {
        whole.Append(c);
        words.Add(c);
    }

    private string SingleQuoted()
    {
        var end = _text.IndexOf('\'', _at + 1);
        if (end < 0) throw new ExpansionFailure("unexpected end of statement while looking for matching single-quote");
        var inside = _options.HasFlag(ExpansionOptions.KeepQuotes) ? _text[_at..(end + 1)] : _text[(_at + 1)..end];
        _at = end + 1;
        return inside;
    }

    private string DoubleQuoted(bool keepEscapes)
    {
        var keepQuotes = _options.HasFlag(ExpansionOptions.KeepQuotes);
        var inside = new StringBuilder();
        if (keepQuotes) inside.Append('"');
        for (_at++; _at < _text.Length;)
        {
            var c = _text[_at];
            if (c == '"')
            {
                _at++;
                return keepQuotes ? inside.Append('"').ToString() : inside.ToString();
            }
            if (c == '$')
            {
                inside.Append(Dollar());
                continue;
            }
            _at++;
            // Inside double quotes only these three can be escaped; before anything else the escape is an ordinary character.
            if (c == _escape && _at < _text.Length && (_text[_at] is '"' or '$' || _text[_at] == _escape))
            {
                if (keepEscapes) inside.Append(c);
                c = _text[_at++];
            }
            inside.Append(c);
        }
        throw new ExpansionFailure("unexpected end of statement while looking for matching double-quote");
    }

    private sealed class ExpansionFailure(string message) : Exception(message);
}

[Flags]
internal enum ExpansionOptions
{
    None = 0,
    KeepQuotes = 1,
    KeepEscapes = 2,
    /// <summary>A variable that is not set stays as it is written.</summary>
    KeepUnset = 4,
    QuotesAreText = 8,
}
