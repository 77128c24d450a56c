using Yun.Commands.CommandLine;
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
