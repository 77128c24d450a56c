using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun cp</c>.</summary>
public sealed class CopyCommand : Command
{
    private readonly Flag _archive;
    private readonly Flag _followLink;
    private readonly Flag _quiet;

    public CopyCommand() : base("[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH")
    {
        ArgumentsMin = ArgumentsMax = 2;
        Details = "Use '-' as the source to read a tar archive from stdin\nand extract it to a directory destination in a container.\n" +
            "Use '-' as the destination to stream a tar archive of a\ncontainer source to stdout.";
        _archive = AddFlag("archive", 'a', "Archive mode (copy all uid/gid information)");
        _followLink = AddFlag("follow-link", 'L', "Always follow symbol link in SRC_PATH");
        _quiet = AddFlag("quiet", 'q', "Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var (fromContainer, source) = Split(arguments[0]);
        var (toContainer, destination) = Split(arguments[1]);
        if (source.Length == 0) throw new FailureException("source can not be empty");
        if (destination.Length == 0) throw new FailureException("destination can not be empty");
        if (fromContainer is not null && toContainer is not null) throw new FailureException("copying between containers is not supported");
        if (fromContainer is null && toContainer is null) throw new FailureException("must specify at least one container source");
        var quiet = _quiet.IsSet ? _quiet : !session.OutputIsTerminal;
        if (toContainer is not null) new CopyIn(session, toContainer, _archive, _followLink, quiet).Copy(source, destination);
        else new CopyOut(session, fromContainer!, _archive, _followLink, quiet).Copy(source, destination);
        return 0;
    }

    // "./a:b" and "/a:b" are local paths that hold a colon.
    private static (string? Container, string Path) Split(string text)
    {
        if (text.StartsWith('/') || text.StartsWith('.')) return (null, text);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 ? (null, text) : (text[..colon], text[(colon + 1)..]);
    }
}
