using System.Globalization;
using System.Text;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Text as Go's fmt writes it: Docker's history entries and error texts hold such text, and tools compare it.</summary>
public static class GoText
{
    /// <summary><c>%q</c> of a string.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes()) quoted.Append(Escape(rune, '"'));
        return quoted.Append('"').ToString();
    }

    /// <summary><c>%q</c> of a list of strings.</summary>
    public static string Quote(IEnumerable<string> list) => $"[{string.Join(' ', list.Select(Quote))}]";

    /// <summary><c>%q</c> of an integer: the character of that number.</summary>
    public static string QuoteCharacter(int number) => $"'{(Rune.TryCreate(number, out var rune) ? Escape(rune, '\'') : "\uFFFD")}'";

    /// <summary><c>%v</c> of a list of strings.</summary>
    public static string List(IEnumerable<string> list) => $"[{string.Join(' ', list)}]";

    /// <summary><c>%v</c> of a duration in nanoseconds: <c>1m30s</c>.</summary>
    public static string Duration(long nanoseconds)
    {
        if (nanoseconds == 0) return "0s";
        var (sign, left) = nanoseconds < 0 ? ("-", (decimal)-nanoseconds) : ("", nanoseconds);
        if (left < 1_000_000_000)
        {
            var (unit, size) = left < 1_000 ? ("ns", 1m) : left < 1_000_000 ? ("µs", 1_000m) : ("ms", 1_000_000m);
            return sign + Number(left / size) + unit;
        }
        var seconds = left / 1_000_000_000;
        var hours = decimal.Floor(seconds / 3600);
        var minutes = decimal.Floor((seconds - (hours * 3600)) / 60);
        seconds -= (hours * 3600) + (minutes * 60);
        return sign + (hours > 0 ? $"{Number(hours)}h" : "") + (hours > 0 || minutes > 0 ? $"{Number(minutes)}m" : "") + $"{Number(seconds)}s";
    }

    private static string Number(decimal number) => number.ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Escape(Rune rune, char quote) => rune.Value switch
    {
        '\\' => "\\\\",
        '\a' => "\\a",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\v' => "\\v",
        < ' ' or 0x7f => $"\\x{rune.Value:x2}",
        _ when rune.Value == quote => $"\\{quote}",
        _ when Rune.IsControl(rune) => $"\\u{rune.Value:x4}",
        _ => rune.ToString(),
    };
}
