using System.Runtime.InteropServices;
using System.Text;

namespace Yun.Linux.Cgroups;

/// <summary>One cgroup: the same path below every hierarchy of the machine. It is named by its path, so any process can take it up again.</summary>
public sealed class Cgroup
{
    private readonly CgroupLayout _layout;

    private Cgroup(CgroupLayout layout, string path)
    {
        _layout = layout;
        Path = path;
    }

    /// <summary>Absolute, below each hierarchy's root: <c>/yun-1a2b3c4d/0123…</c>.</summary>
    public string Path { get; }

    /// <summary>Refers to a cgroup that may or may not exist.</summary>
    /// <exception cref="ArgumentException">The path is relative, or has a part that is empty, <c>.</c> or <c>..</c>.</exception>
    public static Cgroup At(string path, CgroupLayout? layout = null)
    {
        if (!IsPath(path)) throw new ArgumentException($"'{path}' is not an absolute cgroup path.", nameof(path));
        return new Cgroup(layout ?? CgroupLayout.Machine, path);
    }

    /// <summary>Whether it is absolute, and no part of it is empty, <c>.</c> or <c>..</c>.</summary>
    public static bool IsPath(string path) => path.Split('/') is ["", _, ..] parts && Array.FindIndex(parts, 1, part => part is "" or "." or "..") < 0;

    /// <summary>Makes the directories, and those above them, that are missing.</summary>
    public void Create()
    {
        foreach (var hierarchy in _layout.Hierarchies)
        {
            // Another container's removal may take an empty parent away between the two steps.
            for (var tries = 0; !TryMake(DirectoryIn(hierarchy), hierarchy); tries++)
            {
                if (tries == 10) throw new SyscallException("mkdir", Errno.ENOENT, DirectoryIn(hierarchy));
                MakeParents(hierarchy);
            }
            if (hierarchy is { IsUnified: true, Controllers.Count: > 0 }) HandDown(hierarchy);
        }
    }

    public bool Exists => Files.Exists(DirectoryIn(_layout.Hierarchies[0]));

    /// <summary>The cgroup's directory in one hierarchy.</summary>
    public string DirectoryIn(CgroupHierarchy hierarchy) => hierarchy.MountPoint + Path;

    /// <summary>The cgroup's directory where the controller is, or null when the machine lacks the controller.</summary>
    public string? DirectoryOf(string controller) => _layout.Of(controller) is { } hierarchy ? DirectoryIn(hierarchy) : null;

    /// <summary>The path of every hierarchy's <see cref="CgroupHierarchy.JoinFile"/>.</summary>
    public IEnumerable<string> JoinFiles()
    {
        foreach (var hierarchy in _layout.Hierarchies) yield return DirectoryIn(hierarchy) + "/" + hierarchy.JoinFile;
    }

    /// <summary>Writes one of the cgroup's files.</summary>
    /// <exception cref="SyscallException">The kernel refused the value, or the file does not exist.</exception>
    public void Write(CgroupHierarchy hierarchy, string file, string value) => CgroupFile.Write(DirectoryIn(hierarchy) + "/" + file, value);

    /// <summary>Pids of the processes in this cgroup itself, in the caller's PID namespace. Empty when it does not exist.</summary>
    public IReadOnlyList<int> Processes()
    {
        var hierarchy = _layout.Of("pids") ?? _layout.Of("freezer") ?? _layout.Hierarchies[0];
        return ProcessesIn(DirectoryIn(hierarchy));
    }

    /// <summary>As <see cref="Processes"/>, with those in cgroups below it, which a container may have made.</summary>
    public IReadOnlyList<int> AllProcesses()
    {
        var hierarchy = _layout.Of("pids") ?? _layout.Of("freezer") ?? _layout.Hierarchies[0];
        var found = new List<int>();
        var directories = new Stack<string>([DirectoryIn(hierarchy)]);
        while (directories.TryPop(out var directory))
        {
            found.AddRange(ProcessesIn(directory));
            foreach (var child in KernelFile.Directories(directory)) directories.Push(child);
        }
        return found;
    }

    // Empty as well when the cgroup goes away meanwhile (ENODEV). A process that this PID namespace cannot see is listed as 0.
    private static List<int> ProcessesIn(string directory)
    {
        var pids = new List<int>();
        foreach (var line in (KernelFile.TryRead(directory + "/cgroup.procs") ?? "").Split('\n'))
            if (int.TryParse(line, out var pid) && pid > 0) pids.Add(pid);
        return pids;
    }

    /// <summary>Kills every process in it: by <c>cgroup.kill</c> where there is a v2 hierarchy (Linux 5.14), else one by one.</summary>
    public void Kill()
    {
        if (_layout.Unified is { } unified && Files.Exists(DirectoryIn(unified) + "/cgroup.kill")) Write(unified, "cgroup.kill", "1");
        foreach (var pid in Processes())
            if (Signals.Send(pid, 9) is var errno && errno is not (Errno.None or Errno.ESRCH)) throw new SyscallException("kill", errno, $"{pid}");
    }

    /// <summary>Stops or continues every process, by the v2 freezer or v1's.</summary>
    public void Freeze(bool frozen)
    {
        if (_layout.Of("freezer") is { } v1) Write(v1, "freezer.state", frozen ? "FROZEN" : "THAWED");
        else if (_layout.Unified is { } unified) Write(unified, "cgroup.freeze", frozen ? "1" : "0");
        else throw new SyscallException("freeze", Errno.EOPNOTSUPP, Path);
    }

    /// <summary>Whether its processes are stopped by <see cref="Freeze"/>.</summary>
    public bool IsFrozen
    {
        get
        {
            if (_layout.Of("freezer") is { } v1) return KernelFile.TryRead(DirectoryIn(v1) + "/freezer.state") is { } state && state.TrimEnd() != "THAWED";
            return _layout.Unified is { } unified && KernelFile.TryRead(DirectoryIn(unified) + "/cgroup.freeze")?.TrimEnd() == "1";
        }
    }

    /// <summary>Removes the directories, deepest first. Returns false while processes are still in one of them.</summary>
    public bool TryRemove()
    {
        var removed = true;
        foreach (var hierarchy in _layout.Hierarchies) removed &= TryRemoveTree(DirectoryIn(hierarchy));
        return removed;
    }

    private static bool TryRemoveTree(string directory)
    {
        if (Native.rmdir(directory) == 0) return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        if (errno == Errno.ENOENT) return true;
        if (errno != Errno.EBUSY) throw new SyscallException("rmdir", errno, directory);
        foreach (var child in KernelFile.Directories(directory)) TryRemoveTree(child);
        return Native.rmdir(directory) == 0 || (Errno)Marshal.GetLastPInvokeError() == Errno.ENOENT;
    }

    private void MakeParents(CgroupHierarchy hierarchy)
    {
        var from = 1;
        for (int slash; (slash = Path.IndexOf('/', from)) > 0; from = slash + 1)
        {
            var parent = hierarchy.MountPoint + Path[..slash];
            TryMake(parent, hierarchy);
        }
    }

    // In v2 a cgroup has the controllers that every one above it hands down.
    private void HandDown(CgroupHierarchy hierarchy)
    {
        var has = KernelFile.TryRead(DirectoryIn(hierarchy) + "/cgroup.controllers")?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length ?? 0;
        if (has >= hierarchy.Controllers.Count) return;
        Delegate(hierarchy.MountPoint, hierarchy);
        for (int slash, from = 1; (slash = Path.IndexOf('/', from)) > 0; from = slash + 1) Delegate(hierarchy.MountPoint + Path[..slash], hierarchy);
    }

    private static void Delegate(string directory, CgroupHierarchy hierarchy)
    {
        foreach (var controller in hierarchy.Controllers) CgroupFile.TryWrite(directory + "/cgroup.subtree_control", "+" + controller);
    }

    // False when the directory above is missing.
    private static bool TryMake(string directory, CgroupHierarchy hierarchy)
    {
        if (Native.mkdir(directory, 0x1ed) == 0)
        {
            // A new v1 cpuset is empty and takes no process until it has CPUs and memory nodes.
            if (hierarchy is { IsUnified: false } && hierarchy.Has("cpuset")) InheritCpuset(directory);
            return true;
        }
        return (Errno)Marshal.GetLastPInvokeError() switch
        {
            Errno.EEXIST => true,
            Errno.ENOENT => false,
            var errno => throw new SyscallException("mkdir", errno, directory),
        };
    }

    private static void InheritCpuset(string directory)
    {
        var parent = System.IO.Path.GetDirectoryName(directory)!;
        foreach (var file in (string[])["cpuset.cpus", "cpuset.mems"])
        {
            // One that another thread has made a moment ago may still be empty, and is filled from here then. The root never is.
            if (KernelFile.Read($"{parent}/{file}").TrimEnd() is not { Length: > 0 } values)
            {
                InheritCpuset(parent);
                values = KernelFile.Read($"{parent}/{file}").TrimEnd();
            }
            CgroupFile.Write($"{directory}/{file}", values);
        }
    }
}

internal static unsafe class CgroupFile
{
    internal static void Write(string path, string value)
    {
        using var file = PathDescriptor.Open(null, path, OpenFlags.WriteOnly);
        fixed (byte* bytes = Encoding.UTF8.GetBytes(value))
            Native.Check((long)Native.write((int)file.DangerousGetHandle(), bytes, (nuint)Encoding.UTF8.GetByteCount(value)), $"write '{value}' to", path);
    }

    internal static bool TryWrite(string path, string value)
    {
        try
        {
            Write(path, value);
            return true;
        }
        catch (SyscallException) { return false; }
    }
}
