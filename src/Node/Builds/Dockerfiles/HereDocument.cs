using System.Text;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>The text between <c>&lt;&lt;NAME</c> and a line that is only <c>NAME</c>.</summary>
/// <param name="Expand">Variables are replaced in it; false when the name was quoted.</param>
/// <param name="StripTabs">Written <c>&lt;&lt;-</c>: leading tabs of each line go away.</param>
/// <param name="Content">As it stands in the file.</param>
public sealed record HereDocument(string Name, bool Expand, bool StripTabs, string Content = "")
{
    /// <summary>What a reader of the document gets before variables are replaced.</summary>
    public string Body => StripTabs ? WithoutTabs(Content) : Content;

    /// <summary>The document that a word such as <c>&lt;&lt;-'EOF'</c> or <c>3&lt;&lt;EOF</c> announces; null when the word is none.</summary>
    public static HereDocument? FromWord(string word)
    {
        var at = 0;
        while (at < word.Length && char.IsAsciiDigit(word[at])) at++;
        if (!word.AsSpan(at).StartsWith("<<")) return null;
        at += 2;
        var stripTabs = at < word.Length && word[at] == '-';
        if (stripTabs) at++;
        var name = word[at..];
        if (name.Length == 0 || name.Contains('<')) return null;

        var plain = WordExpansion.Literal(name);
        if (plain.Count != 1) return null;
        var raw = WordExpansion.LiteralWithQuotes(name);
        return new HereDocument(plain[0], Quotes(plain[0]) == Quotes(raw[0]), stripTabs);
    }

    /// <summary>The documents a line announces, in their order.</summary>
    public static IReadOnlyList<HereDocument> Announced(string line)
    {
        if (!line.Contains("<<", StringComparison.Ordinal)) return [];
        var found = new List<HereDocument>();
        foreach (var word in WordExpansion.LiteralWithQuotesAndEscapes(JoinOperators(line)))
            if (FromWord(word) is { } document) found.Add(document);
        return found;
    }

    // "<<  EOF" is allowed, as in a shell: the name is drawn to its operator. In $((1 << 2)) nothing is announced.
    private static string JoinOperators(string line)
    {
        var joined = new StringBuilder(line.Length);
        var lastEnd = line.LastIndexOf("))", StringComparison.Ordinal);
        for (var i = 0; i < line.Length; i++)
        {
            if (i < lastEnd && string.CompareOrdinal(line, i, "((", 0, 2) == 0)
            {
                joined.Append("(())");
                i = line.IndexOf("))", i, StringComparison.Ordinal) + 1;
                continue;
            }
            joined.Append(line[i]);
            if (line[i] != '<' || i == 0 || line[i - 1] != '<') continue;
            if (i + 1 < line.Length && line[i + 1] == '-') joined.Append(line[++i]);
            while (i + 2 < line.Length && line[i + 1] is ' ' or '\t') i++;
        }
        return joined.ToString();
    }

    private static int Quotes(string text) => text.Count(c => c is '\'' or '"');

    private static string WithoutTabs(string content)
    {
        var result = new StringBuilder(content.Length);
        var start = true;
        foreach (var c in content)
        {
            if (start && c == '\t') continue;
            result.Append(c);
            start = c == '\n';
        }
        return result.ToString();
    }
}
