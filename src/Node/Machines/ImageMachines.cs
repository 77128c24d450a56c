using Yun.Images;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>What all machines that are made from images share: the kernel, the tools, the images' disks.</summary>
public sealed class ImageMachines
{
    private const long DefaultMemoryBytes = 512L << 20, MemoryBytesMin = 64L << 20;
    // Sparse: it takes what is written to it.
    private const long ChangesBytes = 16L << 30;

    private readonly RootDisks _disks;

    internal ImageMachines(EngineOptions options)
    {
        var folder = Path.Combine(options.DataRoot, "machines");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        GuestProgram = Path.Combine(Path.GetDirectoryName(options.RuntimePath)!, "yun-guest");
        Options = options.Machines;
        Tools = new MachineTools(Options.Tools);
        Kernel = new MachineKernel(folder, GuestProgram);
        _disks = new RootDisks(Path.Combine(folder, "disks"), Tools);
        Templates = new MachineTemplates(Path.Combine(folder, "templates"), this);
    }

    public MachineKernel Kernel { get; }
    public MachineTools Tools { get; }
    internal MachineOptions Options { get; }
    internal MachineTemplates Templates { get; }
    internal string GuestProgram { get; }

    /// <summary>The device alone does not say it: some clouds have one that runs only guests made for it.</summary>
    public static bool HasKvm { get; } = File.Exists("/dev/kvm") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ').Any(flag => flag is "vmx" or "svm") == true;

    internal TimeSpan BootDeadline => TimeSpan.FromSeconds(Options.BootDeadlineSeconds);

    internal MachineShape ShapeOf(HostConfig host, IReadOnlyList<SandboxInterface> interfaces, bool hasVolumes) =>
        new(host.Memory > 0 ? host.Memory : DefaultMemoryBytes, ProcessorsOf(host), interfaces, hasVolumes, HasKvm) { MergesMemory = Options.MergesMemory };

    /// <summary>Refuses what a virtual machine cannot share with this one, before anything is made.</summary>
    /// <exception cref="EngineException">InvalidArgument, with the option and the reason.</exception>
    internal static void Check(ContainerConfig config, HostConfig host)
    {
        if (host.Privileged) throw Refused("--privileged", "has the devices of its own machine only");
        if (host.Devices is { Count: > 0 } || host.DeviceRequests is { Count: > 0 }) throw Refused("--device", "has the devices of its own machine only");
        if (host.NetworkMode is "host" || NamespaceMode.SharedContainer(host.NetworkMode) is not null) throw Refused($"--network {host.NetworkMode}", "has a network stack of its own");
        foreach (var (option, mode) in (ReadOnlySpan<(string, string?)>)[("--pid", host.PidMode), ("--ipc", host.IpcMode), ("--uts", host.UtsMode), ("--userns", host.UsernsMode)])
            if (mode is not (null or "" or "private" or "shareable" or "none")) throw Refused($"{option} {mode}", "has a kernel of its own");
        if (host.Init == true) throw new EngineException(ErrorKind.NotImplemented, "--init is not there yet for a virtual machine (--runtime vm)");
        MachineLabels.Check(config);
        if (host.Memory is > 0 and < MemoryBytesMin) throw new EngineException(ErrorKind.InvalidArgument, $"a virtual machine needs {MemoryBytesMin >> 20} MiB of memory at least, not {host.Memory} bytes");
    }

    internal Task<string> OpenDiskAsync(Image image, IReadOnlyList<string> layers, CancellationToken cancel) => _disks.OpenAsync(image, layers, cancel);

    internal void Collect(IEnumerable<Image> images) => _disks.Collect(images);

    /// <summary>The disk that a machine's changes go to, made when the machine is.</summary>
    internal static void MakeChangesDisk(string path, uint user)
    {
        Volumes.VolumeImage.Make(path, ChangesBytes);
        using var disk = PathDescriptor.Open(null, path, OpenFlags.ReadWrite);
        OpenFile.ChangeOwner(disk, user, user);
        OpenFile.ChangeMode(disk, 0x180);
    }

    private static int ProcessorsOf(HostConfig host) => host.NanoCpus > 0 ? (int)Math.Clamp((host.NanoCpus + 999_999_999) / 1_000_000_000, 1, Environment.ProcessorCount) : 1;

    private static EngineException Refused(string option, string reason) => new(ErrorKind.InvalidArgument, $"conflicting options: {option} and --runtime vm: a virtual machine {reason}");
}
