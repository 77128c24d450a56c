namespace Yun.Protocol;

/// <summary>How a process of ours ends that did not do what the engine asked of it: its exit code says the kind, and its standard error the sentence.</summary>
public static class ErrorExit
{
    // Beyond what programs commonly end with, and below what shells and signals use.
    private const int First = 64;

    public static int CodeOf(ErrorKind kind) => First + (int)kind;

    /// <summary>Null when the process ended in another way.</summary>
    public static ErrorKind? KindOf(int exitCode) => Enum.IsDefined((ErrorKind)(exitCode - First)) ? (ErrorKind)(exitCode - First) : null;
}
