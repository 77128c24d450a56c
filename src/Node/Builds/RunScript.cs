using Yun.Node.Builds.Dockerfiles;

namespace Yun.Node.Builds;

/// <summary>What a RUN executes once its here-documents are put where they belong.</summary>
/// <param name="Arguments">The program and its arguments.</param>
/// <param name="File">A script that brings its own interpreter (<c>#!</c>) and is executed as a file.</param>
internal sealed record RunScript(IReadOnlyList<string> Arguments, HereDocument? File)
{
    /// <summary>Where such a file is mounted for the command; nothing of it stays in the image.</summary>
    public const string Folder = "/dev/pipes";

    public static RunScript Of(RunInstruction run, IReadOnlyList<string> shell)
    {
        if (run.Documents.Count == 0 || !run.Command.IsShellForm) return new RunScript(run.Command.Resolve(shell), null);
        var command = run.Command.Arguments[0];
        // "RUN <<EOF" alone: the document is the script. Otherwise the shell gets line and documents, and reads them itself.
        if (HereDocument.FromWord(command) is null)
            return new RunScript([.. shell, string.Concat([command, .. run.Documents.Select(d => $"\n{d.Content}{d.Name}")])], null);
        var document = run.Documents[0];
        return document.Body.StartsWith("#!", StringComparison.Ordinal)
            ? new RunScript([$"{Folder}/{document.Name}"], document)
            : new RunScript([.. shell, document.Body], null);
    }
}
