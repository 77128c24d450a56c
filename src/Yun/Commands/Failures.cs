using Yun.Commands.Api;

namespace Yun.Commands;

/// <summary>The command did not do what was asked; the message, if there is one, is for the user.</summary>
public sealed class FailureException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>How failures are put to the user.</summary>
public static class Failures
{
    public static string Describe(Exception error) => error switch
    {
        ApiException => $"Error response from daemon: {error.Message}",
        UnauthorizedAccessException or IOException => error.Message,
        _ => error.Message,
    };
}
