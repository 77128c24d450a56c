namespace Yun.Commands.Format;

/// <summary>Names with numbers in the order of the numbers: <c>net2</c> before <c>net10</c>.</summary>
public static class NaturalOrder
{
    public static IComparer<string> Comparer { get; } = Comparer<string>.Create(Compare);

    private static int Compare(string a, string b)
    {
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
            {
                var (x, y) = (Digits(a, ref i), Digits(b, ref j));
                var order = x.Length != y.Length ? x.Length.CompareTo(y.Length) : string.CompareOrdinal(x, y);
                if (order != 0) return order;
            }
            else if (a[i] != b[j]) return a[i].CompareTo(b[j]);
            else (i, j) = (i + 1, j + 1);
        }
        return (a.Length - i).CompareTo(b.Length - j);
    }

    private static string Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return text[start..at].TrimStart('0');
    }
}
