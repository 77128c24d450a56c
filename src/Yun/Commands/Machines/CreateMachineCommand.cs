using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.Commands.Format;
using Yun.DockerApi.Model;
using Yun.Node.Containers;
using Yun.Node.Machines;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine create</c>.</summary>
public sealed class CreateMachineCommand : Command
{
    private readonly Flag _screen;
    private readonly Setting<string?> _append, _cdrom, _hostname, _initrd, _kernel, _metaData, _name, _networkConfig, _userData;
    private readonly Setting<string> _firmware, _restart;
    private readonly Setting<long?> _cpus, _memory, _stopTimeout;
    private readonly ListOption<string> _cpuFlags, _disks, _labels, _modules, _publish;
    private readonly ListOption<NetworkArgument> _networks;
    private readonly Setting<string?> _hypervisor;

    public CreateMachineCommand() : base("[OPTIONS] [NAME]")
    {
        ArgumentsMax = 1;
        Examples =
        [
            ("machine create --disk debian-12 --user-data user-data.yaml -m 2g --cpus 2 web", "From an imported disk, set up by cloud-init"),
            ("machine create --disk 20G --cdrom /isos/installer.iso desk", "An empty disk, and a CD to install from"),
            ("machine create --kernel /boot/vmlinuz --initrd /boot/initrd.img --append console=ttyS0 probe", "A kernel without a disk"),
        ];
        _append = AddText("append", null, "Command line of the kernel");
        _cdrom = AddText("cdrom", null, "ISO image in the CD drive, a file of the daemon's machine");
        _cpus = AddNumber("cpus", null, "Number of processors");
        _cpuFlags = AddList("cpu-flag", null, "What the processor has or lacks, as +name or -name");
        _disks = AddList("disk", 'd', "Disk: a size for a new one, the name of an imported one, or a file of the daemon's machine; with ,size=SIZE and ,ro");
        _firmware = AddText("firmware", null, "bios, uefi, or a file of the daemon's machine", "bios", "string");
        _hostname = AddText("hostname", 'h', "Host name, for cloud-init and neighbours");
        _hypervisor = Add(HypervisorOption.Make());
        _initrd = AddText("initrd", null, "First root file system of the kernel");
        _kernel = AddText("kernel", null, "Kernel to start, a file of the daemon's machine");
        _labels = AddList("label", 'l', "Set meta data on a machine");
        _memory = AddBytes("memory", 'm', "Memory");
        _metaData = AddText("meta-data", null, "File with cloud-init's meta data");
        _modules = AddList("module", null, "File for a kernel that takes several, such as Xen, and its command line: 'FILE WORDS...'");
        _name = Add(new Setting<string?>("name", null, "string", "Assign a name to the machine", null, text => text));
        _networks = Add(new ListOption<NetworkArgument>("network", null, "network", "Connect the machine to a network", text => [NetworkArgument.Parse(text)]));
        _networkConfig = AddText("network-config", null, "File with cloud-init's network configuration");
        _publish = AddList("publish", 'p', "Publish a machine's port(s) to the host");
        _restart = AddText("restart", null, "Restart policy to apply when a machine ends", "no", "string");
        _screen = AddFlag("screen", null, "Give the machine a screen, for viewers of VNC");
        _stopTimeout = AddNumber("stop-timeout", null, "Seconds that the guest has after its power button was pressed");
        _userData = AddText("user-data", null, "File with cloud-init's user data");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0 && _name.Value is not null) throw new FailureException("conflicting options: a name both by --name and as an argument");
        using var response = session.Api.Post("/yun/v1/machines/create" + _hypervisor.Query().Add("name", arguments is [var name] ? name : _name.Value), Request(), DockerApiJson.Default.MachineConfig);
        session.Out.WriteLine(response.Read(DockerApiJson.Default.MachineCreateResponse).Id);
        return 0;
    }

    private MachineConfig Request()
    {
        var isAlone = _networks.Values is [{ Target: "none" }];
        return new MachineConfig
        {
            Hostname = _hostname.Value ?? "", Memory = _memory.Value ?? 0, Cpus = (int)(_cpus.Value ?? 0), Firmware = _firmware.Value == "bios" ? "" : HostPath(_firmware.Value, "uefi"),
            Disks = [.. _disks.Values.Select(MachineDiskArgument.Parse)], Cdrom = HostPath(_cdrom.Value), Kernel = HostPath(_kernel.Value), Initrd = HostPath(_initrd.Value), Append = _append.Value ?? "",
            Modules = [.. _modules.Values.Select(module => string.Join(' ', [HostPath(module.Split(' ')[0]), .. module.Split(' ').Skip(1)]))], CpuFlags = [.. _cpuFlags.Values], Screen = _screen,
            CloudInit = _userData.Value is null && _metaData.Value is null && _networkConfig.Value is null ? null
                : new CloudInitConfig { UserData = Text(_userData.Value), MetaData = Text(_metaData.Value), NetworkConfig = Text(_networkConfig.Value) },
            Networks = isAlone ? [] : NetworkArgument.ToEndpoints(_networks.Values).EndpointsConfig ?? [], NetworkDisabled = isAlone,
            PortBindings = PortArguments.Parse(_publish.Values, []).Bindings, RestartPolicy = ResourceArguments.ParseRestart(_restart.Value), StopTimeout = (int?)_stopTimeout.Value,
            Labels = KeyValue.ToMap(_labels.Values) ?? [],
        };
    }

    // The client may stand elsewhere than the daemon does.
    private static string HostPath(string? path, string? word = null) => path is null ? "" : path == word ? path : Path.GetFullPath(path);

    private static string? Text(string? path)
    {
        if (path is null) return null;
        return File.Exists(path) ? File.ReadAllText(path) : throw new FailureException($"open {path}: no such file or directory");
    }
}

/// <summary><c>--disk SIZE | NAME | PATH</c>, each with <c>,size=SIZE</c> and <c>,ro</c>.</summary>
internal static class MachineDiskArgument
{
    public static MachineDiskRequest Parse(string text)
    {
        var fields = text.Split(',');
        var request = new MachineDiskRequest();
        if (IsSize(fields[0])) request.SizeBytes = HumanSize.ParseBinary(fields[0]);
        else request.Source = fields[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(fields[0]) : fields[0];
        foreach (var field in fields.Skip(1))
        {
            if (field == "ro") request.ReadOnly = true;
            else if (field.StartsWith("size=", StringComparison.Ordinal)) request.SizeBytes = HumanSize.ParseBinary(field["size=".Length..]);
            else throw new FailureException($"invalid --disk '{text}': '{field}' is neither ro nor size=SIZE", 125);
        }
        return request;
    }

    private static bool IsSize(string text) => text.Length > 1 && char.IsAsciiDigit(text[0]) && text.TrimEnd('b', 'B', 'i') is [.. var digits, 'k' or 'm' or 'g' or 't' or 'K' or 'M' or 'G' or 'T'] && digits.All(sign => char.IsAsciiDigit(sign) || sign == '.');
}
