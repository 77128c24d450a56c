using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine import</c>: takes in a disk that machines can be made from.</summary>
public sealed class ImportDiskCommand : Command
{
    private readonly Setting<string?> _name;

    public ImportDiskCommand() : base("[OPTIONS] FILE|-")
    {
        ArgumentsMin = ArgumentsMax = 1;
        Examples = [("machine import --name debian-12 debian-12-genericcloud-amd64.qcow2", "A distribution's disk, for many machines")];
        _name = AddText("name", null, "What it will be called; else what the file is called");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var path = arguments[0];
        if (path == "-" && _name.Value is null) throw new FailureException("a disk from STDIN needs a --name");
        if (path != "-" && !File.Exists(path)) throw new FailureException($"open {path}: no such file or directory");
        using var file = path == "-" ? null : File.OpenRead(path);
        using var response = session.Api.Send("PUT", $"/yun/v1/disks/{Uri.EscapeDataString(_name.Value ?? Path.GetFileNameWithoutExtension(path))}", upload: (file ?? session.Input).CopyTo, contentType: "application/octet-stream");
        session.Out.WriteLine(response.Read(DockerApiJson.Default.DiskInfo).Name);
        return 0;
    }
}

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

/// <summary><c>yun machine disk rm</c>.</summary>
public sealed class RemoveDisksCommand : Command
{
    public RemoveDisksCommand() : base("DISK [DISK...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments) => session.ForEach(arguments, name => { session.Api.Do("DELETE", $"/yun/v1/disks/{Uri.EscapeDataString(name)}"); });
}
