using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;
using Yun.Linux;

namespace Yun.Commands.Registries;

/// <summary><c>yun login</c>: tries the credentials at the registry, then keeps them.</summary>
public sealed class LoginCommand : Command
{
    private readonly Setting<string?> _password;
    private readonly Flag _passwordFromInput;
    private readonly Setting<string?> _user;

    public LoginCommand() : base("[OPTIONS] [SERVER]")
    {
        ArgumentsMax = 1;
        Details = "Defaults to Docker Hub if no server is specified.";
        _password = AddText("password", 'p', "Password or Personal Access Token (PAT)");
        _passwordFromInput = AddFlag("password-stdin", null, "Take the Password or Personal Access Token (PAT) from stdin");
        _user = AddText("username", 'u', "Username");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_passwordFromInput && _password.IsSet) throw new FailureException("--password and --password-stdin are mutually exclusive");
        if (_passwordFromInput && _user.Value is null) throw new FailureException("Must provide --username with --password-stdin");
        if (_password.IsSet) session.Error.WriteLine("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
        var key = arguments.Count == 0 ? ClientConfiguration.HubKey : ClientConfiguration.KeyOf(WithoutScheme(arguments[0]));
        var known = session.Configuration.Find(key);
        var typed = _user.IsSet || _password.IsSet || _passwordFromInput;
        var auth = !typed && known is { Username.Length: > 0, Password.Length: > 0 } ? known : Ask(session, key, known?.Username);

        using var response = session.Api.Post("/auth", auth, DockerApiJson.Default.AuthConfig);
        var answer = response.Read(DockerApiJson.Default.AuthResponse);
        if (answer.IdentityToken.Length > 0) (auth.Password, auth.IdentityToken) = (null, answer.IdentityToken);
        if (session.Configuration.Store(key, auth) is null)
        {
            session.Error.Write($"\nWARNING! Your credentials are stored unencrypted in '{session.Configuration.Path}'.\n");
            session.Error.Write("Configure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n");
        }
        session.Out.WriteLine(answer.Status);
        return 0;
    }

    private AuthConfig Ask(Session session, string key, string? knownUser)
    {
        var user = _user.Value;
        if (user is null)
        {
            if (!session.InputIsTerminal) throw new FailureException("Error: Cannot perform an interactive login from a non TTY device");
            session.Out.Write(knownUser is null ? "Username: " : $"Username ({knownUser}): ");
            session.Out.Flush();
            user = session.ReadLine()?.Trim() is { Length: > 0 } line ? line : knownUser;
        }
        if (string.IsNullOrEmpty(user)) throw new FailureException("username is empty");
        var password = _password.Value ?? (_passwordFromInput ? ReadRest(session) : AskPassword(session));
        if (string.IsNullOrEmpty(password)) throw new FailureException("password is empty");
        return new AuthConfig { Username = user, Password = password, ServerAddress = key };
    }

    private static string ReadRest(Session session)
    {
        using var reader = new StreamReader(session.Input, leaveOpen: true);
        return reader.ReadToEnd().TrimEnd('\n').TrimEnd('\r');
    }

    private static string? AskPassword(Session session)
    {
        if (!session.InputIsTerminal) throw new FailureException("Error: Cannot perform an interactive login from a non TTY device");
        session.Out.Write("Password: ");
        session.Out.Flush();
        using (TerminalMode.HideInput(0))
        {
            var password = session.ReadLine();
            session.Out.WriteLine();
            return password;
        }
    }

    internal static string WithoutScheme(string server)
    {
        foreach (var scheme in new[] { "https://", "http://" })
        {
            if (server.StartsWith(scheme, StringComparison.Ordinal) && server != ClientConfiguration.HubKey) server = server[scheme.Length..];
        }
        return server.TrimEnd('/') is var trimmed && server == ClientConfiguration.HubKey ? server : trimmed;
    }
}
