using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Yun.DockerApi.Model;

namespace Yun.Commands.Registries;

/// <summary>A <c>docker-credential-NAME</c> program, which keeps passwords in the desktop's or the cloud's own store.</summary>
internal static class CredentialHelper
{
    private const string TokenUser = "<token>";

    public static AuthConfig? Get(string helper, string key)
    {
        var (exitCode, output) = Call(helper, "get", key);
        if (exitCode != 0)
        {
            if (output.Contains("not found", StringComparison.OrdinalIgnoreCase)) return null;
            throw new FailureException($"error getting credentials from docker-credential-{helper}: {output.Trim()}");
        }
        var answer = JsonNode.Parse(output);
        var user = answer?["Username"]?.GetValue<string>();
        var secret = answer?["Secret"]?.GetValue<string>();
        return user == TokenUser ? new AuthConfig { ServerAddress = key, IdentityToken = secret } : new AuthConfig { ServerAddress = key, Username = user, Password = secret };
    }

    public static void Store(string helper, string key, AuthConfig auth)
    {
        var token = auth.IdentityToken is { Length: > 0 };
        var entry = new JsonObject { ["ServerURL"] = key, ["Username"] = token ? TokenUser : auth.Username, ["Secret"] = token ? auth.IdentityToken : auth.Password };
        var (exitCode, output) = Call(helper, "store", entry.ToJsonString());
        if (exitCode != 0) throw new FailureException($"error saving credentials with docker-credential-{helper}: {output.Trim()}");
    }

    public static bool Erase(string helper, string key) => Call(helper, "erase", key).ExitCode == 0;

    private static (int ExitCode, string Output) Call(string helper, string verb, string input)
    {
        if (helper.AsSpan().ContainsAny('/', '\0')) throw new FailureException($"'{helper}' is not the name of a credential helper");
        try
        {
            using var process = Process.Start(new ProcessStartInfo($"docker-credential-{helper}", verb) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output);
        }
        catch (Win32Exception)
        {
            throw new FailureException($"the configuration names the credential helper docker-credential-{helper}, which is not installed");
        }
    }
}
