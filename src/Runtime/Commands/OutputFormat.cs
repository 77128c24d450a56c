namespace Yun.Runtime.Commands;

/// <summary>The values of <c>--format</c>.</summary>
internal static class OutputFormat
{
    public static bool IsJson(string value) => value switch
    {
        "json" => true,
        "table" => false,
        _ => throw new UsageException($"--format is '{value}'; it must be table or json"),
    };
}
