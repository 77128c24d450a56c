using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Volumes;

/// <summary><c>yun volume create</c>.</summary>
public sealed class CreateVolumeCommand : Command
{
    private readonly Setting<string> _driver;
    private readonly ListOption<string> _labels;
    private readonly Setting<string?> _name;
    private readonly ListOption<KeyValuePair<string, string>> _options;

    public CreateVolumeCommand() : base("[OPTIONS] [VOLUME]")
    {
        ArgumentsMax = 1;
        _driver = AddText("driver", 'd', "Specify volume driver name", "local", "string");
        _labels = AddList("label", null, "Set metadata for a volume");
        _name = Add(new Setting<string?>("name", null, "string", "Specify volume name", null, text => text) { Hidden = true });
        _options = AddMap("opt", 'o', "Set driver specific options");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0 && _name.IsSet) throw new FailureException("conflicting options: cannot specify a volume-name through both --name and as a positional arg");
        var request = new VolumeCreateRequest
        {
            Name = arguments.Count > 0 ? arguments[0] : _name.Value,
            Driver = _driver.Value,
            DriverOpts = KeyValue.ToMap(_options.Values) ?? [],
            Labels = KeyValue.ToMap(_labels.Values) ?? [],
        };
        using var response = session.Api.Post("/volumes/create", request, DockerApiJson.Default.VolumeCreateRequest);
        session.Out.WriteLine(response.Read(DockerApiJson.Default.Volume).Name);
        return 0;
    }
}
