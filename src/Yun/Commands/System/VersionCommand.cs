using System.Runtime.InteropServices;
using System.Text.Json;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands;

/// <summary><c>yun version</c>.</summary>
public sealed class VersionCommand : Command
{
    private const string ClientTemplate =
        "Client: {{.Platform.Name}}\n Version:\t{{.Version}}\n API version:\t{{.APIVersion}}{{if ne .APIVersion .DefaultAPIVersion}} (downgraded from {{.DefaultAPIVersion}}){{end}}\n" +
        " .NET version:\t{{.GoVersion}}\n OS/Arch:\t{{.Os}}/{{.Arch}}\n Context:\t{{.Context}}";

    private const string ServerTemplate =
        "\n\nServer:{{if ne .Platform.Name \"\"}} {{.Platform.Name}}{{end}}\n{{- range $component := .Components}}{{if eq $component.Name \"Engine\"}}\n {{$component.Name}}:\n" +
        "  Version:\t{{.Version}}\n  API version:\t{{index .Details \"ApiVersion\"}} (minimum version {{index .Details \"MinAPIVersion\"}})\n" +
        "  OS/Arch:\t{{index .Details \"Os\"}}/{{index .Details \"Arch\"}}\n  Experimental:\t{{index .Details \"Experimental\"}}{{else}}\n {{$component.Name}}:\n  Version:\t{{.Version}}" +
        "{{range $key, $value := .Details}}\n  {{$key}}:\t{{$value}}{{end}}{{end}}{{end}}";

    private readonly Setting<string?> _format;

    public VersionCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _format = AddFormat(table: false, 'f');
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        object? server = null;
        Exception? failure = null;
        var version = ApiClient.NewestVersion;
        try
        {
            version = session.Api.Version;
            using var response = session.Api.Send("GET", "/version");
            server = TypedJson.Of(JsonSerializer.Deserialize(response.ReadAll(), DockerApiJson.Default.JsonElement), DockerApiJson.Default.VersionResponse);
        }
        catch (Exception error) when (error is ApiException or ConnectException)
        {
            failure = error;
        }
        var client = Client(version);
        if (_format.Value is { Length: > 0 } format)
        {
            var report = new Row().Add("Client", () => client).Add("Server", () => server);
            session.Out.WriteLine(Listing.Apply(Listing.Parse(format == "json" ? "{{json .}}" : format), report));
        }
        else
        {
            var text = Listing.Apply(Listing.Parse(ClientTemplate), client) + (server is null ? "" : Listing.Apply(Listing.Parse(ServerTemplate), server));
            session.Out.Write(Table.Align(text, padding: 1, widthMin: 20));
        }
        session.Out.Flush();
        return failure is null ? 0 : throw failure;
    }

    private static Row Client(string apiVersion) => new Row()
        .Add("Platform", () => new Row().Add("Name", () => "Yun"))
        .Add("Version", () => ProductVersion.Text)
        .Add("APIVersion", () => apiVersion)
        .Add("ApiVersion", () => apiVersion)
        .Add("DefaultAPIVersion", () => ApiClient.NewestVersion)
        .Add("GoVersion", () => Environment.Version.ToString())
        .Add("GitCommit", () => "")
        .Add("BuildTime", () => "")
        .Add("Os", () => "linux")
        .Add("Arch", () => RuntimeInformation.OSArchitecture switch { Architecture.X64 => "amd64", Architecture.Arm64 => "arm64", var other => other.ToString().ToLowerInvariant() })
        .Add("Context", () => "default");
}
