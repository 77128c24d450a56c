namespace Yun.Node.Builds;

/// <summary>A RUN ended with another exit code than 0; clients get the code in <c>errorDetail</c>.</summary>
public sealed class BuildCommandException(IEnumerable<string> command, int exitCode)
    : Exception($"The command '{string.Join(' ', command)}' returned a non-zero code: {exitCode}")
{
    /// <summary>The program and its arguments, as one line.</summary>
    public string Command { get; } = string.Join(' ', command);

    public int ExitCode { get; } = exitCode;
}
