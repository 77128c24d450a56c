using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Containers.Spec;
using Yun.Oci;

namespace Yun.Node.Machines;

/// <summary>What a sandbox is made of: paths on this machine.</summary>
/// <param name="Files">A directory with what the monitor reads.</param>
/// <param name="Reports">A directory with the socket where the monitor tells how the machine is.</param>
/// <param name="State">The template that the machine goes on from, or that is to be written; null for none.</param>
public sealed record SandboxFiles(string GuestProgram, BootFiles Boot, string ImageDisk, string ChangesDisk, string Files, string Reports, string? State);

/// <summary>
/// The container that QEMU runs in: it has the programs and files that QEMU needs and nothing else of this machine, a user of its own without any
/// capability, Docker's seccomp profile, and the network namespace where the machine's interfaces end.
/// </summary>
public static partial class MachineSandbox
{
    public const string GuestProgram = "/vm/yun-guest";

    private const string MachineFiles = "/vm/machine", State = "/vm/state";
    private const int KvmMajor = 10, KvmMinor = 232, TunMinor = 200;
    private const long ProcessesMax = 512;

    /// <summary>No user below it is a machine's.</summary>
    internal const uint UsersBegin = 0x70000000;

    /// <summary>Every machine has a user of its own, far from those of people and services: whoever breaks out of one is nobody to the others.</summary>
    public static uint UserOf(string containerId) => UsersBegin + Convert.ToUInt32(containerId[..6], 16);

    /// <summary>An empty root with the links of a merged /usr; a detached mount, owned by the caller.</summary>
    public static SafeFileHandle MountRoot()
    {
        var root = MountTree.New("tmpfs", [new("size", "1m"), new("mode", "0755")], MountAttributes.NoDev | MountAttributes.NoSuid);
        foreach (var name in (string[])["bin", "lib", "lib64", "sbin"])
            if (FileAt.TrySymbolicLink($"usr/{name}", root, name) is var errno and not Errno.None) throw new SyscallException("symlinkat", errno, name);
        return root;
    }

    /// <param name="inside">The first process in the machine, for which the sandbox's first stands.</param>
    /// <param name="folders">What the machine sees of this one.</param>
    public static RuntimeSpec Spec(HostConfig host, string id, string cgroupPath, SpecProcess inside, SandboxFiles files, IReadOnlyList<SpecMount> folders, MachineShape shape)
    {
        var resources = ResourceLimits.Of(host, DeviceRules(shape.HasKvm));
        return Spec(resources, shape.MemoryBytes + QemuCommand.OverheadBytes, cgroupPath, Process(id, inside, [GuestProgram, "monitor"]), [.. Mounts(id, files, isTemplate: false), .. folders], shape.HasKvm);
    }

    /// <summary>One in which a template is made.</summary>
    internal static RuntimeSpec TemplateSpec(string id, string cgroupPath, SandboxFiles files, MachineShape shape) =>
        Spec(ResourceLimits.Of(new HostConfig(), DeviceRules(shape.HasKvm)), shape.MemoryBytes + QemuCommand.OverheadBytes, cgroupPath, Process(id, new SpecProcess(), [GuestProgram, "template"]), Mounts(id, files, isTemplate: true), shape.HasKvm);

    private static RuntimeSpec Spec(SpecResources resources, long memoryBytes, string cgroupPath, SpecProcess process, List<SpecMount> mounts, bool hasKvm)
    {
        resources.Memory = new SpecMemory { Limit = memoryBytes };
        resources.Pids = new SpecPids { Limit = ProcessesMax };
        return new RuntimeSpec
        {
            Root = new SpecRoot { Path = "rootfs", Readonly = true },
            Hostname = "machine",
            Process = process,
            Mounts = mounts,
            Linux = new SpecLinux
            {
                Namespaces = [.. ((string[])["mount", "network", "uts", "pid", "ipc"]).Select(type => new SpecNamespace { Type = type })],
                CgroupsPath = cgroupPath,
                Resources = resources,
                Devices = hasKvm ? [Device("/dev/net/tun", TunMinor), Device("/dev/kvm", KvmMinor)] : [Device("/dev/net/tun", TunMinor)],
                MaskedPaths = [.. ContainerDefaults.MaskedPaths],
                ReadonlyPaths = [.. ContainerDefaults.ReadonlyPaths],
                Seccomp = SeccompProfile.Default([]),
            },
        };
    }

    private static List<SpecDeviceRule> DeviceRules(bool hasKvm)
    {
        List<SpecDeviceRule> rules = [new() { Allow = false, Access = "rwm" }, Rule(1, 3), Rule(1, 5), Rule(1, 8), Rule(1, 9), Rule(5, 0), Rule(KvmMajor, TunMinor)];
        return hasKvm ? [.. rules, Rule(KvmMajor, KvmMinor)] : rules;
    }

    /// <summary>One more process in the sandbox, which stands for one in the machine.</summary>
    public static RuntimeSpec ExecSpec(string id, string cgroupPath, SpecProcess inside, string specInside) =>
        ProcessSpec(id, cgroupPath, inside, "exec", $"YUN_EXEC={specInside}");

    /// <summary>One that stands for a process in the machine which reads or writes files for the engine.</summary>
    /// <param name="words">As <c>yun-guest files</c> takes them.</param>
    public static RuntimeSpec FilesSpec(string id, string cgroupPath, IEnumerable<string> words) =>
        ProcessSpec(id, cgroupPath, new SpecProcess(), "files", FilesVariable(words));

    /// <summary>The sandbox of a machine that runs no program, and whose disk is read or written for the engine.</summary>
    /// <param name="id">The container's.</param>
    internal static RuntimeSpec RestSpec(string id, string cgroupPath, IEnumerable<string> words, SandboxFiles files, MachineShape shape)
    {
        var process = Process(id, new SpecProcess(), [GuestProgram, "rest"], FilesVariable(words));
        return Spec(ResourceLimits.Of(new HostConfig(), DeviceRules(shape.HasKvm)), shape.MemoryBytes + QemuCommand.OverheadBytes, cgroupPath, process, Mounts(id, files, isTemplate: false), shape.HasKvm);
    }

    private static string FilesVariable(IEnumerable<string> words) => $"YUN_FILES={string.Join(' ', words.Select(Uri.EscapeDataString))}";

    private static RuntimeSpec ProcessSpec(string id, string cgroupPath, SpecProcess inside, string verb, string variable) => new()
    {
        Root = new SpecRoot { Path = "rootfs" },
        Process = Process(id, inside, [GuestProgram, verb], variable),
        Linux = new SpecLinux { CgroupsPath = cgroupPath, Seccomp = SeccompProfile.Default([]) },
    };

    private static SpecProcess Process(string id, SpecProcess inside, List<string> arguments, params ReadOnlySpan<string> environment) => new()
    {
        Terminal = inside.Terminal, ConsoleSize = inside.ConsoleSize, Cwd = "/", Args = arguments, Env = [$"PATH={ContainerDefaults.SearchPath}", .. environment], User = new SpecUser { Uid = UserOf(id), Gid = UserOf(id) },
        Capabilities = new SpecCapabilities(), NoNewPrivileges = true, Rlimits = [new SpecRlimit { Type = "RLIMIT_CORE" }],
    };

    /// <summary>What QEMU itself needs.</summary>
    private static List<SpecMount> SystemMounts(string id) =>
    [
        Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        Mount("/dev", "tmpfs", "tmpfs", "nosuid", "noexec", "mode=755", "size=64k"),
        Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        Mount("/run", "tmpfs", "tmpfs", "nosuid", "noexec", "nodev", "mode=700", "size=64k", $"uid={UserOf(id)}", $"gid={UserOf(id)}"),
        // QEMU keeps what a disk opened for a moment has, and nothing else, in files of no name.
        Mount("/tmp", "tmpfs", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=1m"),
        Mount("/usr", "bind", "/usr", "rbind", "ro", "nosuid", "nodev"),
    ];

    private static List<SpecMount> Mounts(string id, SandboxFiles files, bool isTemplate) =>
    [
        .. SystemMounts(id),
        // virtiofsd's lock.
        Mount("/var/run", "tmpfs", "tmpfs", "nosuid", "noexec", "nodev", "mode=700", "size=64k"),
        Bind(GuestProgram, files.GuestProgram, "ro", "nosuid", "nodev"),
        Bind(QemuCommand.Kernel, files.Boot.Kernel, "ro", "nosuid", "nodev", "noexec"),
        Bind(QemuCommand.InitialRoot, files.Boot.InitialRoot, "ro", "nosuid", "nodev", "noexec"),
        Bind(QemuCommand.ImageDisk, files.ImageDisk, "ro", "nosuid", "nodev", "noexec"),
        Bind(QemuCommand.ChangesDisk, files.ChangesDisk, "nosuid", "nodev", "noexec"),
        Bind(MachineFiles, files.Files, "ro", "nosuid", "nodev", "noexec"),
        Bind("/etc/group", Path.Combine(files.Files, "group"), "ro", "nosuid", "nodev", "noexec"),
        Bind(MachineReports.FolderInside, files.Reports, "ro", "nosuid", "nodev", "noexec"),
        .. files.State is { } state ? [Bind(State, state, isTemplate ? ["nosuid", "nodev", "noexec"] : ["ro", "nosuid", "nodev", "noexec"])] : (SpecMount[])[],
    ];

    private static SpecMount Mount(string destination, string type, string source, params List<string> options) => new() { Destination = destination, Type = type, Source = source, Options = options };

    private static SpecMount Bind(string destination, string source, params ReadOnlySpan<string> options) => Mount(destination, "bind", source, ["bind", "private", .. options]);

    private static SpecDeviceRule Rule(long major, long minor) => new() { Allow = true, Type = "c", Major = major, Minor = minor, Access = "rwm" };

    private static SpecDevice Device(string path, long minor) => new() { Type = "c", Path = path, Major = KvmMajor, Minor = minor, FileMode = 0x1B6 };
}
