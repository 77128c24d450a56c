using System.Globalization;

namespace Yun.Linux;

/// <summary>proc_meminfo(5) at one moment.</summary>
public sealed class MemoryInfo
{
    private readonly string[] _lines;

    private MemoryInfo(string[] lines) => _lines = lines;

    public static MemoryInfo Read() => new(KernelFile.Read("/proc/meminfo").Split('\n'));

    /// <param name="name">Such as <c>MemTotal</c>.</param>
    /// <returns>In bytes; null where the kernel does not tell.</returns>
    public long? Bytes(string name)
    {
        foreach (var line in _lines)
            if (line.StartsWith(name + ":", StringComparison.Ordinal) && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kibibytes, ..])
                return long.Parse(kibibytes, CultureInfo.InvariantCulture) << 10;
        return null;
    }
}
