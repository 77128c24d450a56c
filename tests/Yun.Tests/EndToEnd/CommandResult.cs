using Xunit.Sdk;

namespace Yun.Tests.EndToEnd;

/// <summary>How a program ended and what it said.</summary>
public sealed record CommandResult(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>Standard output without the white space around it.</summary>
    public string Text => Output.Trim();

    public string[] Lines => Text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Its output has these words.</summary>
    public CommandResult Saying(string words) => Output.Contains(words, StringComparison.Ordinal) ? this : throw new XunitException($"{Command}\ndid not say '{words}'.\n{Output}{Error}");

    public CommandResult Succeeded() => EndedWith(0);

    public CommandResult EndedWith(int code) => ExitCode == code ? this : throw new XunitException($"{Command}\nended with {ExitCode}, not {code}.\n{Output}{Error}");

    /// <summary>Any exit code but 0, and one line of standard error that holds the words.</summary>
    public CommandResult FailedSaying(string words)
    {
        if (ExitCode == 0)
            throw new XunitException($"{Command}\nsucceeded.\n{Output}{Error}");
        Assert.Contains(words, Error, StringComparison.OrdinalIgnoreCase);
        return this;
    }
}
