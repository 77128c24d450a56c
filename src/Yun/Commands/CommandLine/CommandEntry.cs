namespace Yun.Commands.CommandLine;

/// <summary>A command's place on the command line, known without making it.</summary>
/// <param name="Paths">Every way to say it, the full one first: <c>container ls</c>, <c>ps</c>.</param>
/// <param name="Summary">One line for help.</param>
/// <param name="Make">Makes the command.</param>
public sealed record CommandEntry(IReadOnlyList<string> Paths, string Summary, Func<Command> Make)
{
    /// <summary>The shortest way to say it, as the list of commands shows it.</summary>
    public string ShortName => Paths.FirstOrDefault(p => !p.Contains(' ', StringComparison.Ordinal)) ?? Paths[0];

    public CommandEntry(string paths, string summary, Func<Command> make) : this(paths.Split(", "), summary, make) { }
}
