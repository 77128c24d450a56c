using Yun.Commands.CommandLine;

namespace Yun.Commands.Registries;

/// <summary><c>yun logout</c>: forgets the credentials.</summary>
public sealed class LogoutCommand : Command
{
    public LogoutCommand() : base("[SERVER]")
    {
        ArgumentsMax = 1;
        Details = "If no server is specified, the default is Docker Hub.";
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var key = arguments.Count == 0 ? ClientConfiguration.HubKey : ClientConfiguration.KeyOf(LoginCommand.WithoutScheme(arguments[0]));
        if (session.Configuration.Erase(key)) session.Out.WriteLine($"Removing login credentials for {key}");
        else session.Out.WriteLine($"Not logged in to {key}");
        return 0;
    }
}
