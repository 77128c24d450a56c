using System.Text;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Cutting an instruction's arguments into words.</summary>
internal static class Words
{
    /// <summary>Words between blanks; quoted blanks do not cut. Quotes and escapes stay for <see cref="WordExpansion"/> to take away.</summary>
    public static List<string> Quoted(string text, char escape)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, inWord) = ('\0', false);
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord) words.Add(word.ToString());
                word.Clear();
                inWord = false;
                continue;
            }
            if (c == escape && quote != '\'')
            {
                if (at + 1 == text.Length) break; // an escape at the very end stands for nothing
                word.Append(c).Append(text[++at]);
                inWord = true;
                continue;
            }
            if (c == quote) quote = '\0';
            else if (quote == '\0' && c is '\'' or '"') quote = c;
            word.Append(c);
            inWord = true;
        }
        if (inWord) words.Add(word.ToString());
        return words;
    }

    /// <summary>Words between blanks, nothing else being special.</summary>
    public static List<string> Plain(string text) => [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
}
