using System.Globalization;
using Yun.Node.Machines.Agents;
using Yun.Node.Machines.Qmp;
using Yun.Node.Networks;

namespace Yun.Node.Machines;

/// <summary>A disk as QEMU is given it.</summary>
/// <param name="BaseFormats">Of those below it, the nearest first.</param>
internal sealed record PlannedDisk(string Format, bool ReadOnly, IReadOnlyList<string> BaseFormats);

/// <summary>What QEMU's command line follows from.</summary>
/// <param name="HasFirmwareFile">The machine has a firmware of its own.</param>
/// <param name="FirmwareCode">UEFI's, a path in the sandbox; null for BIOS.</param>
/// <param name="Incoming">It goes on from a state that it is given later.</param>
/// <param name="MergesMemory">The kernel may keep what machines have alike once.</param>
internal sealed record MachinePlan(
    string Id, long MemoryBytes, int Cpus, bool HasKvm, IReadOnlyList<PlannedDisk> Disks, IReadOnlyList<SandboxInterface> Interfaces,
    bool HasKernel, bool HasInitrd, string Append, bool HasFirmwareFile, string? FirmwareCode, bool HasCdrom, bool HasSeed, bool Incoming, bool MergesMemory)
{
    /// <summary>The command lines of the files that a multiboot kernel is given.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    public bool HasScreen { get; init; }

    /// <summary>For an agent in the guest.</summary>
    public bool HasAgentPort { get; init; }

    /// <summary>What the processor has or lacks, by QEMU's names, each after a sign.</summary>
    public IReadOnlyList<string> CpuFlags { get; init; } = [];
}

/// <summary>
/// QEMU's command line for a whole machine. Files are named as the sandbox has them, everything else is numbers and names of ours; the one text of a user's is the
/// kernel's own command line, which QEMU does not read.
/// </summary>
internal static class MachineArguments
{
    /// <summary>Where a sandbox has the machine's files.</summary>
    public const string Folder = "/vm", Kernel = "/vm/kernel", InitialRoot = "/vm/initrd", Firmware = "/vm/firmware", FirmwareVariables = "/vm/variables", Cdrom = "/vm/cdrom", Seed = "/vm/seed", QmpFolder = "/vm/qmp";

    /// <summary>By which QMP knows the port of the guest's agent.</summary>
    public const string AgentPort = "agent";

    // By which an agent finds it.
    private const string AgentPortName = "org.qemu.guest_agent.0";
    private const int TranslationMebibytes = 64;

    public static string DiskPath(int disk) => $"/vm/disk{disk}";

    public static string BasePath(int disk, int place) => $"/vm/disk{disk}.base{place}";

    public static string ModulePath(int module) => $"/vm/module{module}";

    /// <summary>By which QMP knows it.</summary>
    public static string NodeOf(int disk) => $"disk{disk}";

    public static List<string> Of(MachinePlan plan)
    {
        var arguments = new List<string>
        {
            MachineTools.QemuPath, "-nodefaults", "-no-user-config", "-display", "none", "-S",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            // Without graphics the BIOS and what it boots speak by the serial line.
            "-M", $"q35,graphics=off,mem-merge={(plan.MergesMemory ? "on" : "off")}{(plan.FirmwareCode is null ? "" : ",pflash0=code,pflash1=variables")}",
            "-accel", plan.HasKvm ? "kvm" : Text($"tcg,tb-size={TranslationMebibytes}"), "-cpu", string.Join(',', [plan.HasKvm ? "host" : "max", .. plan.CpuFlags]),
            "-smp", Text($"{plan.Cpus}"), "-m", Text($"{plan.MemoryBytes >> 20}"), "-uuid", Guid.ParseExact(plan.Id[..32], "N").ToString(),
            "-action", "panic=exit-failure,watchdog=reset",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", $"socket,id=qmp,path={QmpFolder}/{QmpListener.SocketName},reconnect=1", "-mon", "chardev=qmp,mode=control",
            "-device", "virtio-balloon-pci,id=balloon,free-page-reporting=on", "-device", "virtio-rng-pci", "-device", "pvpanic-pci", "-device", "i6300esb",
        };
        // It listens nowhere: viewers are handed to it.
        if (plan.HasScreen) arguments.AddRange(["-vnc", "none", "-device", "VGA", "-device", "qemu-xhci", "-device", "usb-tablet"]);
        if (plan.HasFirmwareFile) arguments.AddRange(["-bios", Firmware]);
        if (plan.FirmwareCode is { } code)
        {
            AddFile(arguments, "code.file", code, readOnly: true);
            arguments.AddRange(["-blockdev", Json("raw", "code", "code.file", null, readOnly: true)]);
            AddFile(arguments, "variables.file", FirmwareVariables, readOnly: false);
            arguments.AddRange(["-blockdev", Json("raw", "variables", "variables.file", null, readOnly: false)]);
        }
        if (plan.HasKernel) arguments.AddRange(["-kernel", Kernel, "-append", plan.Append]);
        // A comma separates modules; one of a command line's own is doubled.
        if (plan.Modules.Count > 0) arguments.AddRange(["-initrd", string.Join(',', plan.Modules.Select((line, i) => $"{ModulePath(i)} {line.Replace(",", ",,", StringComparison.Ordinal)}".TrimEnd()))]);
        if (plan.HasInitrd) arguments.AddRange(["-initrd", InitialRoot]);
        for (var i = 0; i < plan.Disks.Count; i++) AddDisk(arguments, i, plan.Disks[i]);
        if (plan.HasCdrom)
        {
            AddFile(arguments, "cdrom.file", Cdrom, readOnly: true);
            arguments.AddRange(["-blockdev", Json("raw", "cdrom", "cdrom.file", null, readOnly: true), "-device", Text($"ide-cd,drive=cdrom,bus=ide.0,bootindex={plan.Disks.Count + 1}")]);
        }
        if (plan.HasSeed)
        {
            AddFile(arguments, "seed.file", Seed, readOnly: true);
            arguments.AddRange(["-blockdev", Json("raw", "seed", "seed.file", null, readOnly: true), "-device", "virtio-blk-pci,drive=seed,serial=seed"]);
        }
        for (var i = 0; i < plan.Interfaces.Count; i++)
            arguments.AddRange(["-netdev", Text($"tap,id=net{i},ifname={plan.Interfaces[i].Tap},script=no,downscript=no,vhost=off"), "-device", Text($"virtio-net-pci,netdev=net{i},mac={plan.Interfaces[i].MacAddress},romfile=")]);
        if (plan.HasAgentPort)
            arguments.AddRange(["-device", "virtio-serial-pci", "-chardev", $"socket,id={AgentPort},path={QmpFolder}/{AgentListener.SocketName},reconnect=1", "-device", $"virtserialport,chardev={AgentPort},name={AgentPortName}"]);
        if (plan.Incoming) arguments.AddRange(["-incoming", "defer"]);
        return arguments;
    }

    private static void AddDisk(List<string> arguments, int number, PlannedDisk disk)
    {
        string? below = null;
        for (var place = disk.BaseFormats.Count - 1; place >= 0; place--)
        {
            var node = Text($"disk{number}.base{place}");
            AddFile(arguments, node + ".file", BasePath(number, place), readOnly: true);
            arguments.AddRange(["-blockdev", Json(disk.BaseFormats[place], node, node + ".file", below, readOnly: true)]);
            below = node;
        }
        var name = NodeOf(number);
        AddFile(arguments, name + ".file", DiskPath(number), disk.ReadOnly);
        // A full disk of the host stops the guest instead of failing its writes: it goes on when there is room.
        arguments.AddRange(["-blockdev", Json(disk.Format, name, name + ".file", below, disk.ReadOnly), "-device", Text($"virtio-blk-pci,drive={name},serial={name},bootindex={number + 1},werror=enospc,rerror=report")]);
    }

    private static void AddFile(List<string> arguments, string node, string path, bool readOnly) =>
        arguments.AddRange(["-blockdev", $$"""{"driver":"file","node-name":"{{node}}","filename":"{{path}}","read-only":{{Word(readOnly)}},"discard":"unmap"}"""]);

    /// <summary>What lies below is said, be it nothing: what the file itself says of that is never followed.</summary>
    private static string Json(string format, string node, string file, string? below, bool readOnly)
    {
        var backing = format == DiskFormat.Qcow2 ? below is null ? ",\"backing\":null" : $",\"backing\":\"{below}\"" : "";
        return $$"""{"driver":"{{format}}","node-name":"{{node}}","file":"{{file}}","read-only":{{Word(readOnly)}},"discard":"unmap"{{backing}}}""";
    }

    private static string Word(bool value) => value ? "true" : "false";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
