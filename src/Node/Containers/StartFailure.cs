using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>A start that failed, in the words that Docker's client looks for: it ends with 127 for a program that is not there, and with 126 for one that cannot be run.</summary>
internal static class StartFailure
{
    private const int NotInvokable = 126, NotFound = 127, Other = 128;

    /// <summary>The error as dockerd would give it, and what the container's exit code becomes.</summary>
    public static (EngineException Error, int ExitCode) Of(EngineException error)
    {
        var words = error.Message;
        var exitCode = ExitCodeOf(words);
        var text = words.StartsWith("unable to start container process", StringComparison.Ordinal)
            ? $"failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: {WithStage(words)}: unknown"
            : words;
        var kind = exitCode != Other ? ErrorKind.InvalidArgument : error.Kind;
        return (kind == error.Kind && text == words ? error : new EngineException(kind, text, error), exitCode);
    }

    /// <summary>As <see cref="Of"/>, for a process in a running container.</summary>
    public static (EngineException Error, int ExitCode) OfExec(EngineException error)
    {
        if (!error.Message.StartsWith("unable to start container process", StringComparison.Ordinal)) return (error, NotInvokable);
        var exitCode = ExitCodeOf(error.Message) is NotFound ? NotFound : NotInvokable;
        return (new EngineException(ErrorKind.InvalidArgument, $"OCI runtime exec failed: exec failed: {error.Message}: unknown", error), exitCode);
    }

    private static int ExitCodeOf(string words)
    {
        if (!words.StartsWith("unable to start container process", StringComparison.Ordinal)) return Other;
        if (Has("executable file not found") || Has("no such file or directory") || Has("not a directory")) return NotFound;
        return Has("permission denied") || Has("is a directory") || Has("exec format error") ? NotInvokable : Other;

        bool Has(string part) => words.Contains(part, StringComparison.OrdinalIgnoreCase);
    }

    // runc puts the stage between; both forms have been seen by clients, and newer ones expect it.
    private static string WithStage(string words)
    {
        const string plain = "unable to start container process: ", staged = plain + "error during container init: ";
        return words.StartsWith(staged, StringComparison.Ordinal) ? words : staged + words[plain.Length..];
    }
}
