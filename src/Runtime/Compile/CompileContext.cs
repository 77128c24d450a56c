using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// What the parts of the compiler share while one container's program is written: the spec, the program, and the descriptors that the parent
/// opens for the child. When only a plan is wanted nothing is opened, and descriptors are names.
/// </summary>
internal sealed class CompileContext(SyscallProgram program, RuntimeSpec spec, LaunchInput input, IHostView host) : IDisposable
{
    private readonly List<SafeHandle> _owned = [];

    public SyscallProgram Program { get; } = program;
    public RuntimeSpec Spec { get; } = spec;
    public SpecProcess Process { get; } = spec.Process ?? throw new SpecException("process", "is missing; a container needs a process to run");
    public SpecLinux Linux { get; } = spec.Linux ?? new SpecLinux();
    public LaunchInput Input { get; } = input;
    public IHostView Host { get; } = host;

    /// <summary>The container's own <c>/dev</c>, when the spec mounts a tmpfs there; else null.</summary>
    public Slot? Dev { get; set; }

    /// <summary>The container's own procfs, attached or not.</summary>
    public Slot? Proc { get; set; }

    /// <summary>Whether the container's process is in a user namespace other than ours: it then has all capabilities there and none here.</summary>
    public bool InUserNamespace => JoinsUserNamespace || Has("user");

    /// <summary>Whether mounts of the host are copied by the container's process, which has the right to in its user namespace, since we have not.</summary>
    public bool CopiesInside => Input.OpensForReal && Makes("user") && Host.UserId != 0;

    /// <summary>Host mounts that the container's process has copied before it left the host's tree, by what they are for.</summary>
    public Dictionary<object, Slot> Copied { get; } = [];

    private SafeFileHandle? _idMaps;

    /// <summary>A user namespace with the container's maps, for mounts to be shifted by: the one that is joined, or one made for nothing else.</summary>
    /// <exception cref="SpecException">The kernel does not take the maps.</exception>
    public SafeFileHandle IdMaps() => _idMaps ??= Linux.Namespaces?.Find(n => n.Type == "user")?.Path is { Length: > 0 } path
        ? PathDescriptor.Open(null, path, OpenFlags.ReadOnly)
        : IdMap.MakeNamespaces(Linux.UidMappings ?? [], Linux.GidMappings ?? [], network: false).User;

    /// <summary>Where device nodes for a user namespace are made, once there are any.</summary>
    public SafeFileHandle? DeviceNodes { get; set; }

    /// <summary>Set where the namespaces come from a running container and not from the spec.</summary>
    public bool JoinsUserNamespace { get; set; }

    /// <summary>The two trees between which a start with createContainer hooks goes back and forth.</summary>
    public (Slot Host, Argument Root)? RootForHooks { get; set; }

    /// <summary>Mounts that become read-only when everything that belongs inside them is there.</summary>
    public List<(Slot Mount, string Destination)> ReadOnlyAtLast { get; } = [];

    /// <summary>File systems made before the host's tree was left, and the mounts they are for.</summary>
    public List<(SpecMount Mount, Slot Made)> Prepared { get; } = [];

    /// <summary>The bounding set the process has when its own is set up; a new user namespace begins with all.</summary>
    public ulong BoundingCapabilities => InUserNamespace ? AllCapabilities : Host.BoundingCapabilities;

    public ulong PermittedCapabilities => InUserNamespace ? AllCapabilities : Host.PermittedCapabilities;

    private ulong AllCapabilities => (1UL << Host.CapabilityCount) - 1;

    public bool Makes(string namespaceType) => Linux.Namespaces?.Exists(n => n.Type == namespaceType && string.IsNullOrEmpty(n.Path)) == true;

    public bool Has(string namespaceType) => Linux.Namespaces?.Exists(n => n.Type == namespaceType) == true;

    /// <summary>A descriptor that the parent opens and the child inherits; closed when the launch is over.</summary>
    public Argument Open(string name, Func<SafeFileHandle> open)
    {
        if (!Input.OpensForReal) return Argument.Descriptor(-1, name);
        var handle = open();
        _owned.Add(handle);
        return Argument.Descriptor((int)handle.DangerousGetHandle(), name);
    }

    /// <summary>As <see cref="Open"/>, for a descriptor whose number goes into a structure.</summary>
    public int OpenNumber(string name, Func<SafeFileHandle> open) => (int)Open(name, open).Value;

    public void Dispose()
    {
        foreach (var handle in _owned) handle.Dispose();
        DeviceNodes?.Dispose();
        _idMaps?.Dispose();
    }
}

/// <summary>What a launch is given besides the spec.</summary>
internal sealed record LaunchInput
{
    public required string Id { get; init; }
    /// <summary>False when the program is only to be printed.</summary>
    public bool OpensForReal { get; init; } = true;
    public int Stdin { get; init; } = -1;
    public int Stdout { get; init; } = -1;
    public int Stderr { get; init; } = -1;
    /// <summary>Detached mounts to attach, by destination; <c>/</c> is the root file system.</summary>
    public IReadOnlyDictionary<string, int> MountDescriptors { get; init; } = new Dictionary<string, int>();
    public int NetworkNamespace { get; init; } = -1;
    /// <summary>For a process that joins a container without a mount namespace of its own: that container's root, else -1.</summary>
    public int Root { get; init; } = -1;
    /// <summary>Where the child sends the terminal's master, or -1.</summary>
    public int TerminalSocket { get; init; } = -1;
    /// <summary>Where the child sends the seccomp listener, or -1.</summary>
    public int ListenerSocket { get; init; } = -1;
    /// <summary>A fifo or pipe that the child reads one byte from just before it becomes the container's program, or -1.</summary>
    public int StartGate { get; init; } = -1;
    /// <summary>Where a child with its own memory tells that it is ready or failed, or -1.</summary>
    public int ReportPipe { get; init; } = -1;
    /// <summary>The pipe over which the parent lets a waiting child go on: the child's end, and the parent's, which the child closes. -1 when it never waits.</summary>
    public int GoRead { get; init; } = -1;
    public int GoWrite { get; init; } = -1;
    /// <summary>Descriptors after stderr that the container's program keeps: 3, 4, ….</summary>
    public int PreservedDescriptors { get; init; }
    /// <summary>Relative paths in the spec are relative to this.</summary>
    public string Bundle { get; init; } = "/";
    public Cgroup? Cgroup { get; init; }
    public bool NewSessionKeyring { get; init; } = true;
    public bool NoPivot { get; init; }
}

/// <summary>What the compiler asks of the machine; the golden tests answer it themselves so that a program is the same everywhere.</summary>
internal interface IHostView
{
    CgroupLayout Cgroups { get; }
    /// <summary>What a path of procfs or sysfs is; may be remembered.</summary>
    HostEntry EntryAt(string path);
    /// <summary>What a path of the host is at this moment.</summary>
    HostEntry EntryAtNow(string path);
    int OomScoreAdjustment { get; }
    ulong IgnoredSignals { get; }
    ulong BoundingCapabilities { get; }
    ulong PermittedCapabilities { get; }
    int CapabilityCount { get; }
    uint UserId { get; }
    /// <summary>Whether we are in a user namespace that somebody made, where nobody may make device nodes.</summary>
    bool IsInUserNamespace { get; }
}

internal enum HostEntry
{
    Absent,
    File,
    Directory,
}

internal sealed class HostView : IHostView
{
    private readonly Dictionary<string, HostEntry> _entries = [];
    private readonly Lazy<StatusFields> _status = new(StatusFields.Read);
    private readonly Lazy<int> _oomScore = new(() => int.Parse(KernelFile.Read("/proc/self/oom_score_adj")));

    /// <summary>Kernel files do not come and go, so one view serves the life of the process.</summary>
    public static HostView Instance { get; } = new();

    public CgroupLayout Cgroups => CgroupLayout.Machine;
    public int OomScoreAdjustment => _oomScore.Value;
    public ulong IgnoredSignals => _status.Value.Ignored;
    public ulong BoundingCapabilities => _status.Value.Bounding;
    public ulong PermittedCapabilities => _status.Value.Permitted;
    public int CapabilityCount => Capabilities.KernelCount;
    public uint UserId => UserIdentity.UserId;
    public bool IsInUserNamespace => UserIdentity.IsInUserNamespace;

    public HostEntry EntryAt(string path)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(path, out var entry))
                _entries[path] = entry = EntryAtNow(path);
            return entry;
        }
    }

    public HostEntry EntryAtNow(string path) => Files.KindOf(path) switch { null => HostEntry.Absent, FileKind.Directory => HostEntry.Directory, _ => HostEntry.File };

    private sealed record StatusFields(ulong Ignored, ulong Bounding, ulong Permitted)
    {
        public static StatusFields Read()
        {
            ulong ignored = 0, bounding = 0, permitted = 0;
            foreach (var line in KernelFile.Read("/proc/self/status").Split('\n'))
            {
                if (line.StartsWith("SigIgn:", StringComparison.Ordinal)) ignored = Hex(line);
                else if (line.StartsWith("CapBnd:", StringComparison.Ordinal)) bounding = Hex(line);
                else if (line.StartsWith("CapPrm:", StringComparison.Ordinal)) permitted = Hex(line);
            }
            return new StatusFields(ignored, bounding, permitted);
        }

        private static ulong Hex(string line) => Convert.ToUInt64(line[7..].Trim(), 16);
    }
}
