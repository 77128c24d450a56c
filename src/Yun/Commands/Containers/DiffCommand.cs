using System.Text.Json;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun diff</c>.</summary>
public sealed class DiffCommand : Command
{
    public DiffCommand() : base("CONTAINER") => ArgumentsMin = ArgumentsMax = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        using var response = session.Api.Send("GET", $"/containers/{arguments[0]}/changes");
        foreach (var change in JsonSerializer.Deserialize(response.ReadAll(), DockerApiJson.Default.ListFilesystemChange) ?? [])
        {
            session.Out.WriteLine($"{change.Kind switch { 0 => 'C', 1 => 'A', _ => 'D' }} {change.Path}");
        }
        return 0;
    }
}
