using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine disk ls</c>.</summary>
public sealed class ListDisksCommand : Command
{
    private static readonly Listing s_listing = new("{{.Name}}\t{{.Format}}\t{{.Size}}\t{{.CreatedSince}}", new Dictionary<string, string> { ["Name"] = "DISK", ["Format"] = "FORMAT", ["Size"] = "SIZE", ["CreatedSince"] = "CREATED" });

    private readonly Setting<string?> _format;
    private readonly Flag _quiet;

    public ListDisksCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _format = AddFormat(table: true);
        _quiet = AddFlag("quiet", 'q', "Only display names");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var disks = session.Api.Get("/yun/v1/disks/json", DockerApiJson.Default.ListDiskInfo);
        s_listing.Print(session.Out, _format.Value ?? (_quiet ? "{{.Name}}" : null), disks.Select(disk => new Row()
            .Add("Name", () => disk.Name).Add("Format", () => disk.Format).Add("Size", () => HumanSize.Binary(disk.SizeBytes)).Add("CreatedSince", () => HumanDuration.Ago(disk.Created, DateTimeOffset.UtcNow))));
        return 0;
    }
}
