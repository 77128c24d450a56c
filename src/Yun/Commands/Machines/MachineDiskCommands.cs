using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Images;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine clone</c>.</summary>
public sealed class CloneMachineCommand : Command
{
    public CloneMachineCommand() : base("MACHINE [NAME]") => (ArgumentsMin, ArgumentsMax) = (1, 2);

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        using var response = session.Api.Send("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/clone{new Query().Add("name", arguments is [_, var name] ? name : null)}");
        session.Out.WriteLine(response.Read(DockerApiJson.Default.MachineCreateResponse).Id);
        return 0;
    }
}

/// <summary><c>yun machine export</c>.</summary>
public sealed class ExportDiskCommand : Command
{
    private readonly Setting<long?> _disk;
    private readonly Setting<string?> _output;

    public ExportDiskCommand() : base("[OPTIONS] MACHINE")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _disk = AddNumber("disk", null, "Which of its disks", "0");
        _output = AddText("output", 'o', "Write to a file, instead of STDOUT");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_output.Value is null && session.OutputIsTerminal) throw new FailureException("cowardly refusing to export to a terminal. Use the -o flag or redirect");
        OutputFile.Check(_output.Value, "export");
        using var response = session.Api.Send("GET", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/disks/{_disk.Value ?? 0}/export");
        OutputFile.Save(response.Body, _output.Value, session.Output);
        return 0;
    }
}

/// <summary><c>yun machine resize</c>.</summary>
public sealed class ResizeDiskCommand : Command
{
    private readonly Setting<long?> _disk;

    public ResizeDiskCommand() : base("[OPTIONS] MACHINE SIZE")
    {
        ArgumentsMin = ArgumentsMax = 2;
        _disk = AddNumber("disk", null, "Which of its disks", "0");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/disks/{_disk.Value ?? 0}/resize{new Query().Add("size", HumanSize.ParseBinary(arguments[1]))}");
        session.Out.WriteLine(arguments[0]);
        return 0;
    }
}

/// <summary><c>yun machine push</c>.</summary>
public sealed class PushDiskCommand : Command
{
    private readonly Setting<long?> _disk;

    public PushDiskCommand() : base("[OPTIONS] MACHINE NAME[:TAG]")
    {
        ArgumentsMin = ArgumentsMax = 2;
        _disk = AddNumber("disk", null, "Which of its disks", "0");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("reference", arguments[1]);
        using var response = session.Api.Send("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/disks/{_disk.Value ?? 0}/push{query}", headers: session.Configuration.AuthHeader(ImageArgument.Parse(arguments[1])));
        new ProgressDisplay(session.Out, session.OutputIsTerminal).Show(response);
        return 0;
    }
}

/// <summary><c>yun machine pull</c>.</summary>
public sealed class PullDiskCommand : Command
{
    private readonly Setting<string?> _name;

    public PullDiskCommand() : base("[OPTIONS] NAME[:TAG|@DIGEST]")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _name = AddText("name", null, "What it will be called here; else the last part of its name");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("reference", arguments[0]).Add("name", _name.Value);
        using var response = session.Api.Send("POST", "/yun/v1/disks/pull" + query, headers: session.Configuration.AuthHeader(ImageArgument.Parse(arguments[0])));
        session.Out.WriteLine(response.Read(DockerApiJson.Default.DiskInfo).Name);
        return 0;
    }
}
