using System.Security.Cryptography;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Machines.Disks;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class MachineTable
{
    private const int NamesTriedMax = 64;
    private const long KernelBytesMax = 1L << 30;
    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Makes a machine that does not run. When it returns, the machine is on disk.</summary>
    /// <param name="name">Null makes one up.</param>
    /// <exception cref="EngineException">400 for what cannot be, 404 for a file, disk or network that is not here, 409 for a name that is taken.</exception>
    public async Task<Machine> CreateAsync(string? name, MachineConfig config, CancellationToken cancel = default)
    {
        MachineValidation.Check(config);
        if (name is { Length: > 0 }) Validation.Name(name);
        if (config.Firmware == MachineValidation.Uefi) engine.ImageMachines.Tools.RequireUefi();
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await using var undo = new Undo();
        var taken = TakeName(name, id);
        undo.Push(() => { _names.TryRemove(KeyValuePair.Create(taken, id)); });
        var machine = new Machine(engine, new MachineRecord { Id = id, Name = taken, Created = engine.Time.GetUtcNow(), Config = WithAddresses(config), HasAgentPort = true });
        Directory.CreateDirectory(machine.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        undo.Push(() => engine.Trash.Throw(machine.Directory));
        await CopyBootFilesAsync(machine, config, cancel);
        if (config.Cdrom != "") DiskFile.Open(config.Cdrom, readOnly: true).Dispose();
        var disks = new List<MachineDisk>();
        foreach (var disk in config.Disks) disks.Add(MakeDisk(machine, disks.Count, disk));
        await AddAsync(machine, machine.Record with { Disks = disks });
        undo.Keep();
        return machine;
    }

    /// <param name="freeze">Makes what the source's disks hold common, and gives the disks it has then.</param>
    internal async Task<Machine> CloneAsync(Machine source, string? name, Func<Task<IReadOnlyList<MachineDisk>>> freeze)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await using var undo = new Undo();
        var taken = TakeName(name, id);
        undo.Push(() => { _names.TryRemove(KeyValuePair.Create(taken, id)); });
        // Addresses are its own, and what is published by one cannot be by the other.
        var networks = source.Config.Networks.ToDictionary(network => network.Key, _ => (EndpointSettings?)null);
        var config = WithAddresses(source.Config with { Networks = networks, PortBindings = [], Hostname = "" });
        var machine = new Machine(engine, new MachineRecord { Id = id, Name = taken, Created = engine.Time.GetUtcNow(), Config = config, HasAgentPort = true });
        Directory.CreateDirectory(machine.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        undo.Push(() => engine.Trash.Throw(machine.Directory));
        foreach (var file in Machine.BootFiles(config))
            if (Path.Combine(source.Directory, file) is var path && File.Exists(path)) File.Copy(path, Path.Combine(machine.Directory, file));
        var disks = await freeze();
        foreach (var disk in disks.Where(disk => disk.HostPath == "")) Qcow2.Create(Path.Combine(machine.Directory, disk.File), disk.SizeBytes);
        await AddAsync(machine, machine.Record with { Disks = disks });
        Library.Release(disks.SelectMany(disk => disk.Bases));
        undo.Keep();
        return machine;
    }

    internal async Task AddAsync(Machine machine, MachineRecord record)
    {
        await machine.SaveAsync(record);
        _byId[machine.Id] = machine;
        machine.Publish("create");
    }

    /// <exception cref="EngineException">409: another machine has it.</exception>
    internal string TakeName(string? wanted, string id)
    {
        if (wanted is { Length: > 0 })
        {
            var owner = _names.GetOrAdd(wanted, id);
            return owner == id ? wanted : throw new EngineException(ErrorKind.Conflict, $"The name {wanted} is already in use by machine {owner[..12]}: remove that first, or choose another name.");
        }
        for (var attempt = 0; attempt < NamesTriedMax; attempt++)
            if (ContainerNames.Propose(attempt) is var proposed && _names.GetOrAdd(proposed, id) == id) return proposed;
        _names[id[..12]] = id;
        return id[..12];
    }

    /// <summary>Every interface gets an address of its own for good: the guest's system knows its interfaces by them. A network that is not here is found out now.</summary>
    private MachineConfig WithAddresses(MachineConfig config)
    {
        if (config.NetworkDisabled) return config;
        var networks = new Dictionary<string, EndpointSettings?>();
        foreach (var (name, asked) in config.Networks.Count > 0 ? config.Networks : new() { [NetworkNames.Bridge] = null })
        {
            var network = engine.Networks.Find(name is "default" ? NetworkNames.Bridge : name);
            if (network.Name is NetworkNames.Host or NetworkNames.None) throw new EngineException(ErrorKind.InvalidArgument, $"A virtual machine has a network stack of its own: it cannot be on the network {network.Name}.");
            var settings = asked ?? new EndpointSettings();
            if (settings.MacAddress is { Length: > 0 } wished) MacAddress.Parse(wished);
            networks[network.Name] = settings.MacAddress is { Length: > 0 } ? settings : settings.WithMacAddress(MacAddress.Text(new([0x02, 0x59, .. RandomNumberGenerator.GetBytes(4)])));
        }
        return config with { Networks = networks };
    }

    private async Task CopyBootFilesAsync(Machine machine, MachineConfig config, CancellationToken cancel)
    {
        await CopyAsync(config.Kernel, Machine.KernelFile);
        await CopyAsync(config.Initrd, Machine.InitialRootFile);
        for (var i = 0; i < config.Modules.Count; i++) await CopyAsync(MachineModule.PathOf(config.Modules[i]), MachineModule.FileOf(i));
        if (config.Firmware is not ("" or MachineValidation.Bios or MachineValidation.Uefi)) await CopyAsync(config.Firmware, Machine.FirmwareFile);
        if (config.Firmware == MachineValidation.Uefi) File.Copy(engine.ImageMachines.Tools.RequireUefi().Variables, Path.Combine(machine.Directory, Machine.VariablesFile));

        // Copied: a package's upgrade takes the kernel away, and QEMU's user may not read it where it is.
        async Task CopyAsync(string source, string name)
        {
            if (source == "") return;
            using var file = DiskFile.Open(source, readOnly: true);
            if (FileAt.Status(file).Size is 0 or > KernelBytesMax) throw new EngineException(ErrorKind.InvalidArgument, $"{source} is no {name}: it has {FileAt.Status(file).Size} bytes.");
            await using var from = new FileStream(file, FileAccess.Read);
            var path = Path.Combine(machine.Directory, name);
            await using (var to = new FileStream(path, FileMode.CreateNew)) await from.CopyToAsync(to, cancel);
            File.SetUnixFileMode(path, ForAll);
        }
    }

    private MachineDisk MakeDisk(Machine machine, int number, MachineDiskRequest asked)
    {
        var file = $"disk{number}";
        if (asked.Source.StartsWith('/'))
        {
            using var opened = DiskFile.Open(asked.Source, asked.ReadOnly);
            var found = DiskFile.Read(opened, asked.Source);
            return new MachineDisk { Format = found.Format, HostPath = asked.Source, ReadOnly = asked.ReadOnly, SizeBytes = Larger(found.SizeBytes) };
        }
        if (asked.Source == "")
        {
            Qcow2.Create(Path.Combine(machine.Directory, file), asked.SizeBytes);
            return new MachineDisk { File = file, SizeBytes = asked.SizeBytes };
        }
        var below = Library.Find(asked.Source);
        var size = Larger(below.SizeBytes);
        Qcow2.Create(Path.Combine(machine.Directory, file), size);
        return new MachineDisk { File = file, Bases = [below.Id], SizeBytes = size };

        long Larger(long has) => asked.SizeBytes == 0 ? has : asked.SizeBytes >= has ? asked.SizeBytes
            : throw new EngineException(ErrorKind.InvalidArgument, $"The disk {asked.Source} has {has} bytes and cannot become smaller: {asked.SizeBytes} were asked for.");
    }
}
