namespace Yun.Commands.Containers;

/// <summary><c>yun create</c>.</summary>
public sealed class CreateCommand : ContainerOptions
{
    public CreateCommand() : base("[OPTIONS] IMAGE [COMMAND] [ARG...]") => DeclareOptions();

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        using var file = ContainerIdentityFile.Open(ContainerIdFile);
        var id = new ContainerCreation(session, Name, Platform, PullPolicy, PullsQuietly).Create(ToRequest(arguments, detached: false));
        file?.Write(id);
        session.Out.WriteLine(id);
        return 0;
    }
}
