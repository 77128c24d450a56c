using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary>Variables and labels, from files and from the command line.</summary>
public static class EnvironmentArguments
{
    private const int Failed = 125;

    /// <summary>Files first. A name without a value takes the caller's, or is left out when the caller has none.</summary>
    public static List<string>? Variables(IEnumerable<string> files, IEnumerable<string> texts)
    {
        List<string> variables = [];
        foreach (var text in files.SelectMany(Lines).Concat(texts))
        {
            if (text.Length == 0 || text[0] == '=') throw new FailureException($"invalid environment variable: {text}", Failed);
            if (text.Contains('=', StringComparison.Ordinal)) variables.Add(text);
            else if (Environment.GetEnvironmentVariable(text) is { } value) variables.Add($"{text}={value}");
        }
        return variables.Count > 0 ? variables : null;
    }

    public static Dictionary<string, string>? Labels(IEnumerable<string> files, IEnumerable<string> texts) => KeyValue.ToMap(files.SelectMany(Lines).Concat(texts));

    private static IEnumerable<string> Lines(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"open {file}: {(error is FileNotFoundException or DirectoryNotFoundException ? "no such file or directory" : error.Message)}", Failed);
        }
        foreach (var line in lines.Select(l => l.TrimStart()).Where(l => l.Length > 0 && l[0] != '#'))
        {
            var name = line.Split('=')[0];
            if (name.AsSpan().ContainsAny(' ', '\t')) throw new FailureException($"invalid env file ({file}): variable '{name}' contains whitespaces", Failed);
            if (name.Length == 0) throw new FailureException($"invalid env file ({file}): no variable name on line '{line}'", Failed);
            yield return line;
        }
    }
}
