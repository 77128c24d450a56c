using System.Globalization;
using Yun.Node.Networks;

namespace Yun.Node.Machines;

/// <param name="MemoryBytes">What the guest has.</param>
/// <param name="Processors">How many the guest sees.</param>
/// <param name="HasVolumes">It sees folders of this machine.</param>
/// <param name="HasKvm">The machine has hardware for it; otherwise the guest's processor is emulated.</param>
public sealed record MachineShape(long MemoryBytes, int Processors, IReadOnlyList<SandboxInterface> Interfaces, bool HasVolumes, bool HasKvm)
{
    /// <summary>The kernel may keep what machines have alike once.</summary>
    public bool MergesMemory { get; init; }

    /// <summary>Others shall go on from it: its network cards lead nowhere.</summary>
    public bool IsTemplate { get; init; }
}

/// <summary>
/// QEMU's command line for a machine made from an image. All in it is ours: numbers, names of interfaces and addresses that we gave. Nothing an image or
/// a user says becomes a part of it.
/// </summary>
public static class QemuCommand
{
    /// <summary>Where a sandbox has the machine's files.</summary>
    public const string Kernel = "/vm/kernel", InitialRoot = "/vm/initrd", ImageDisk = "/vm/image", ChangesDisk = "/vm/changes";

    // More than the guest has: QEMU itself, and the translations of its code where the processor is emulated.
    public const long OverheadBytes = 192L << 20;
    private const int TranslationMebibytes = 64;

    public static IReadOnlyList<string> Of(MachineShape shape)
    {
        var arguments = new List<string>
        {
            MachineTools.QemuPath, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-M", $"microvm,mem-merge={(shape.MergesMemory ? "on" : "off")}", "-global", "virtio-mmio.force-legacy=false", "-accel", shape.HasKvm ? "kvm" : Text($"tcg,tb-size={TranslationMebibytes}"), "-cpu", shape.HasKvm ? "host" : "max",
            "-smp", Text($"{shape.Processors}"), "-m", Text($"{shape.MemoryBytes >> 20}"),
            "-kernel", Kernel, "-initrd", InitialRoot, "-append", KernelArguments(shape),
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-drive", $"id=image,file={ImageDisk},format=raw,if=none,readonly=on", "-device", "virtio-blk-device,drive=image,serial=root",
            "-drive", $"id=changes,file={ChangesDisk},format=raw,if=none,discard=unmap", "-device", "virtio-blk-device,drive=changes,serial=changes",
            "-device", "virtio-serial-device", "-chardev", "socket,id=wire,fd=3", "-device", "virtserialport,chardev=wire,name=yun",
            "-device", "virtio-balloon-device,free-page-reporting=on", "-device", "pvpanic", "-action", "panic=exit-failure",
        };
        // The server of the files reads and writes the guest's memory, so that is a file that both have.
        if (shape.HasVolumes)
            arguments.AddRange(["-object", Text($"memory-backend-memfd,id=memory,size={shape.MemoryBytes >> 20}M,share=on"), "-machine", "memory-backend=memory",
                "-chardev", $"socket,id=files,path={SharedFolders.Socket}", "-device", $"vhost-user-fs-device,chardev=files,tag={SharedFolders.Tag},queue-size=1024"]);
        for (var i = 0; i < shape.Interfaces.Count; i++)
        {
            var one = shape.Interfaces[i];
            arguments.AddRange(["-netdev", shape.IsTemplate ? Text($"hubport,id=net{i},hubid={i}") : Text($"tap,id=net{i},ifname={one.Tap},script=no,downscript=no,vhost=off"), "-device", Text($"virtio-net-device,netdev=net{i},mac={one.MacAddress}")]);
        }
        return arguments;
    }

    private static string KernelArguments(MachineShape shape)
    {
        const string always = "console=ttyS0 quiet reboot=t panic=-1 random.trust_cpu=on cryptomgr.notests 8250.nr_uarts=1 i8042.noaux i8042.nokbd";
        // An emulated processor has no side channels to be guarded, and microvm no clock by which the kernel could find out how fast it is: without its speed it hangs.
        return shape.HasKvm ? always : Text($"{always} mitigations=off nokaslr tsc=reliable tsc_early_khz={ProcessorKilohertz()}");
    }

    private static long ProcessorKilohertz()
    {
        const long unknown = 2_000_000;
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("cpu MHz", StringComparison.Ordinal));
        return line is not null && double.TryParse(line[(line.IndexOf(':') + 1)..], CultureInfo.InvariantCulture, out var megahertz) && megahertz > 0 ? (long)(megahertz * 1000) : unknown;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
