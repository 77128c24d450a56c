using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Images;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

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
