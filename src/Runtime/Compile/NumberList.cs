using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Lists of CPUs and memory nodes such as <c>0-3,7</c>, as bit masks.</summary>
internal static unsafe class NumberList
{
    public static byte* Mask(SyscallProgram program, string? list, int max, string field, string prefix = "")
    {
        var mask = (byte*)program.Arena.Allocate((nuint)max / 8);
        if (string.IsNullOrEmpty(list)) return mask;
        foreach (var part in list.Split(','))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            var (first, last) = dash < 0 ? (Number(part, list, max, field, prefix), Number(part, list, max, field, prefix)) : (Number(part[..dash], list, max, field, prefix), Number(part[(dash + 1)..], list, max, field, prefix));
            for (var number = first; number <= last; number++) mask[number / 8] |= (byte)(1 << number % 8);
        }
        return mask;
    }

    private static int Number(string text, string whole, int max, string field, string prefix) =>
        int.TryParse(text.Trim(), out var number) && number >= 0 && number < max ? number : throw new SpecException(field, $"{prefix}'{whole}' is not a list of numbers such as 0-3,7");
}
