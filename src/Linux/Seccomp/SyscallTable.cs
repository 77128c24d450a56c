using System.Globalization;

namespace Yun.Linux.Seccomp;

/// <summary>The system call tables a seccomp filter can tell apart; the order is the data's column order.</summary>
public enum SyscallArchitecture
{
    X64,
    X86,
    X32,
    Arm64,
    Arm,
}

/// <summary>System calls by name, for each architecture a filter may name.</summary>
public static partial class SyscallTable
{
    private static readonly Lazy<Dictionary<string, short[]>> s_numbers = new(Parse);

    /// <summary>Null when the architecture has no call of that name.</summary>
    public static int? Number(string name, SyscallArchitecture architecture) =>
        s_numbers.Value.TryGetValue(name, out var numbers) && numbers[(int)architecture] is >= 0 and var number ? number : null;

    /// <summary>Whether any architecture knows the name.</summary>
    public static bool IsKnown(string name) => s_numbers.Value.ContainsKey(name);

    public static IReadOnlyCollection<string> Names => s_numbers.Value.Keys;

    private static Dictionary<string, short[]> Parse()
    {
        var numbers = new Dictionary<string, short[]>(512, StringComparer.Ordinal);
        Span<Range> parts = stackalloc Range[6];
        foreach (var line in Data.AsSpan().EnumerateLines())
        {
            if (line.Split(parts, ' ') != 6) throw new InvalidOperationException($"The system call table has a bad line: {line}");
            var row = new short[5];
            for (var i = 0; i < row.Length; i++) row[i] = line[parts[i + 1]] is "-" ? (short)-1 : short.Parse(line[parts[i + 1]], CultureInfo.InvariantCulture);
            numbers.Add(line[parts[0]].ToString(), row);
        }
        return numbers;
    }
}
