using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Device nodes and the links that every container's <c>/dev</c> has (runtime-spec, config-linux.md, "Default Devices", "Dev symbolic links").</summary>
internal static class DeviceSteps
{
    private static readonly SpecDevice[] s_defaults =
    [
        new() { Path = "/dev/null", Type = "c", Major = 1, Minor = 3 }, new() { Path = "/dev/zero", Type = "c", Major = 1, Minor = 5 },
        new() { Path = "/dev/full", Type = "c", Major = 1, Minor = 7 }, new() { Path = "/dev/random", Type = "c", Major = 1, Minor = 8 },
        new() { Path = "/dev/urandom", Type = "c", Major = 1, Minor = 9 }, new() { Path = "/dev/tty", Type = "c", Major = 5, Minor = 0 },
    ];

    private static readonly (string Target, string Link)[] s_links =
        [("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"), ("/proc/self/fd/1", "stdout"), ("/proc/self/fd/2", "stderr"), ("/proc/kcore", "core"), ("pts/ptmx", "ptmx")];

    public static void Add(CompileContext context)
    {
        if (context.Dev is not { } dev) return;
        var given = context.Linux.Devices ?? [];
        foreach (var device in s_defaults)
            if (!given.Exists(g => g.Path == device.Path)) Make(context, dev, device, "linux.devices", isGiven: false);
        for (var i = 0; i < given.Count; i++) Make(context, dev, given[i], $"linux.devices[{i}]", isGiven: true);
        foreach (var (target, link) in s_links)
            // Kernels without /proc/kcore are common, and a link to nothing looks like a fault.
            if (link != "core" || context.Host.EntryAt(target) != HostEntry.Absent)
                context.Program.Add($"link /dev/{link}", Syscall.symlinkat, context.Program.Text(target), dev, context.Program.Text(link)).Tolerate(Errno.EEXIST);
    }

    /// <summary>Copies the host's devices while they can still be seen, where that takes the rights of the container's user namespace.</summary>
    public static void Prepare(CompileContext context)
    {
        if (!context.CopiesInside || context.Spec.Mounts?.Exists(m => m is { Type: "tmpfs", Destination: "/dev" }) != true) return;
        foreach (var device in (List<SpecDevice>)[.. s_defaults, .. context.Linux.Devices ?? []])
        {
            if (device.Type == "p" || context.Copied.ContainsKey(device)) continue;
            var path = Path.GetFullPath(device.Path);
            Check(device, path, "linux.devices");
            context.Copied[device] = MountSteps.CopyInside(context, path, recursive: false, MountPropagation.Private, $"copy the device {path}");
        }
    }

    private static void Make(CompileContext context, Slot dev, SpecDevice device, string field, bool isGiven)
    {
        var program = context.Program;
        uint type = device.Type switch
        {
            "c" or "u" => 0x2000,
            "b" => 0x6000,
            "p" => 0x1000,
            _ => throw new SpecException($"{field}.type", $"'{device.Type}' is not one of c, b, u, p"),
        };
        if (type != 0x1000 && (device.Major is null || device.Minor is null)) throw new SpecException($"{field}.major", $"{device.Path} needs major and minor");
        var path = Path.GetFullPath(device.Path);
        var directory = Path.GetDirectoryName(path) ?? "/";
        Argument parent = dev;
        if (directory != "/dev")
        {
            var slot = program.Slot($"dir{program.Count}");
            PathSteps.OpenOrCreate(context, directory, directory: true, slot, $"open {directory}");
            parent = slot;
        }
        if ((context.InUserNamespace || context.Host.IsInUserNamespace) && type != 0x1000)
        {
            Bind(context, parent, device, path, field);
            return;
        }
        var mode = (device.FileMode ?? 0x1b6) & 0xfff;
        var number = type == 0x1000 ? 0 : Number((uint)device.Major!.Value, (uint)device.Minor!.Value);
        var name = program.Text(Path.GetFileName(path));
        StepEditor Node(string purpose) => program.Add(purpose, Syscall.mknodat, parent, name, Argument.Flags(type | mode, $"{device.Type}|{PathSteps.Octal(mode)}"), Argument.Flags(number, $"{device.Major}:{device.Minor}"));
        var made = Node($"make {path}").Tolerate(Errno.EEXIST);
        if (isGiven)
        {
            RequireNumber(program, parent, name, device, path);
            Node($"make {path}, which is there and is not {field}");
            made.SkipToHere(onSuccess: true, whenTolerated: false);
        }
        if (device.Uid is > 0 || device.Gid is > 0)
            program.Add($"give {path} its owner", Syscall.fchownat, parent, name, device.Uid ?? 0, device.Gid ?? 0, Argument.Flags(0x100, "AT_SYMLINK_NOFOLLOW"));
    }

    // What is there already must be the device that is meant ("Devices": MUST generate an error). The list compares by futex(2), which answers EAGAIN where a word is another one;
    // then making the node once more fails with the reason.
    private static unsafe void RequireNumber(SyscallProgram program, Argument parent, Argument name, SpecDevice device, string path)
    {
        const int statusSize = 256, majorAt = 0x80, minorAt = 0x84, compareAndRequeue = 4 | 128;
        var status = (byte*)program.Arena.Allocate(statusSize);
        program.Add($"look at {path}", Syscall.statx, parent, name, Argument.Flags(0x100, "AT_SYMLINK_NOFOLLOW"), Argument.Flags(0x7ff, "BASIC_STATS"), Argument.Memory(status, "$status"));
        StepEditor Compare(int at, long number, string what) => program.Add($"compare {path}", Syscall.futex, Argument.Memory(status + at, $"$status.{what}"), Argument.Flags(compareAndRequeue, "CMP_REQUEUE|PRIVATE"), 0, 0, Argument.Memory(status + at, $"$status.{what}"), number);
        Compare(majorAt, device.Type == "p" ? 0 : device.Major!.Value, "major").Tolerate(Errno.EAGAIN, skip: 1);
        Compare(minorAt, device.Type == "p" ? 0 : device.Minor!.Value, "minor").Tolerate(Errno.EAGAIN).SkipOnSuccess(1);
    }

    // Nobody may make device nodes in a user namespace, so one that we make is shown, or else the host's, if it is the device that is meant.
    private static void Bind(CompileContext context, Argument parent, SpecDevice device, string path, string field)
    {
        var program = context.Program;
        var node = context.Copied.TryGetValue(device, out var copied) ? copied : context.Open($"host's {path}", () =>
        {
            var copy = DeviceNodes.TryMake(context, device) ?? HostsOwn(device, path, field);
            MountTree.Change(copy, MountAttributes.NoSuid | MountAttributes.NoExec, 0, MountPropagation.Private, recursive: false);
            return copy;
        });
        var target = program.Slot($"at{program.Count}");
        var name = program.Text(Path.GetFileName(path));
        program.Add($"make {path}", Syscall.mknodat, parent, name, Argument.Flags(0x8000 | 0x1a4, "S_IFREG|0644")).Tolerate(Errno.EEXIST);
        program.Add($"make {path}", Syscall.openat, parent, name, Argument.Flags(OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, "O_PATH|O_NOFOLLOW|O_CLOEXEC")).Into(target);
        program.Add($"make {path}", Syscall.move_mount, node, program.Text(""), target, program.Text(""), Argument.Flags(0x44, "F_EMPTY_PATH|T_EMPTY_PATH"));
    }

    private static SafeFileHandle HostsOwn(SpecDevice device, string path, string field)
    {
        Check(device, path, $"{field}.path");
        return MountTree.Clone(path, recursive: false);
    }

    private static void Check(SpecDevice device, string path, string field)
    {
        if (DeviceNode.TryRead(path) is not { } host || host.Major != device.Major || host.Minor != device.Minor || host.Type == 'b' != (device.Type == "b"))
            throw new SpecException(field, $"in a user namespace only the host's own devices can be shown, and '{path}' is not {device.Type} {device.Major}:{device.Minor} there");
    }

    // The kernel's own packing of a device number for mknod(2): 12 bits of major, 20 of minor.
    private static long Number(uint major, uint minor) => (minor & 0xff) | ((major & 0xfff) << 8) | ((long)(minor & ~0xffu) << 12);
}
