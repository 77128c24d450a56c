using Yun.Protocol;

namespace Yun.Node.Containers.Processes;

/// <summary>The options of ps(1) that choose columns: <c>-e -f -l -F u x a o -o</c> and their combinations. Which processes are shown is the container's matter.</summary>
internal static class ProcessFormat
{
    private static readonly (string Name, string? Title)[] s_plain = [("pid", null), ("tty", "TTY"), ("time", null), ("comm", "CMD")];
    private static readonly (string Name, string? Title)[] s_full = [("user", "UID"), ("pid", null), ("ppid", null), ("c", null), ("stime", null), ("tty", "TTY"), ("time", null), ("args", "CMD")];
    private static readonly (string Name, string? Title)[] s_users =
        [("user", null), ("pid", null), ("pcpu", null), ("pmem", null), ("vsz", null), ("rss", null), ("tty", "TTY"), ("stat", null), ("stime", "START"), ("time", null), ("args", "COMMAND")];
    private static readonly (string Name, string? Title)[] s_long =
        [("s", null), ("uid", null), ("pid", null), ("ppid", null), ("c", null), ("pri", null), ("ni", null), ("vsz", "SZ"), ("tty", "TTY"), ("time", null), ("comm", "CMD")];

    /// <exception cref="EngineException">An option that ps would not know, or that would show something else than columns of processes.</exception>
    public static IReadOnlyList<ProcessColumn> Parse(string arguments)
    {
        var columns = s_plain;
        List<ProcessColumn>? chosen = null;
        var words = arguments.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i].StartsWith("--", StringComparison.Ordinal))
            {
                (chosen ??= []).AddRange(words[i].StartsWith("--format=", StringComparison.Ordinal) ? Named(words[i]["--format=".Length..]) : throw Wrong(words[i]));
                continue;
            }
            var dashed = words[i].StartsWith('-');
            for (var at = dashed ? 1 : 0; at < words[i].Length; at++)
            {
                switch (words[i][at])
                {
                    // Which processes, or how wide: no matter here.
                    case 'e' or 'A' or 'a' or 'x' or 'w' or 'd' or 'H': break;
                    case 'f' when dashed: columns = s_full; break;
                    case 'f' or 'h': break;
                    case 'F' when dashed: columns = s_full; break;
                    case 'u' when !dashed: columns = s_users; break;
                    case 'l': columns = s_long; break;
                    case 'o':
                        var rest = words[i][(at + 1)..] is { Length: > 0 } same ? same : i + 1 < words.Length ? words[++i] : throw new EngineException(ErrorKind.InvalidArgument, "ps: format specification must follow -o");
                        (chosen ??= []).AddRange(Named(rest));
                        at = words[i].Length;
                        break;
                    default: throw Wrong(words[i]);
                }
            }
        }
        return chosen ?? [.. columns.Select(c => ProcessColumn.Named(c.Name, c.Title)!)];
    }

    // "pid,user=WHO": from an equals sign on, the rest is the last column's title.
    private static List<ProcessColumn> Named(string list)
    {
        var title = list.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? list[(at + 1)..] : null;
        var names = (title is null ? list : list[..list.IndexOf('=', StringComparison.Ordinal)]).Split(',', StringSplitOptions.RemoveEmptyEntries);
        return [.. names.Select((name, i) => ProcessColumn.Named(name, i == names.Length - 1 ? title : null)
            ?? throw new EngineException(ErrorKind.InvalidArgument, $"ps: error: unknown user-defined format specifier \"{name}\""))];
    }

    private static EngineException Wrong(string word) => new(ErrorKind.InvalidArgument, $"ps: error: unsupported option '{word}'");
}
