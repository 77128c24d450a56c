using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>
/// What a container has of the host's, by CRIU's names for it: a checkpoint leaves it out, and a restore is given another in its place. The names of
/// standard input and output are kept in <c>descriptors.json</c> beside the images, where runc keeps them.
/// </summary>
internal static class OutsideFiles
{
    public const string NetworkName = "extRootNetNS", PidsName = "extRootPidNS";
    private const int FirstTerminalMajor = 136, LastTerminalMajor = 143;

    /// <summary>The destinations of bind mounts, and what is mounted there, with no link on the way.</summary>
    public static IEnumerable<(string Destination, string Source)> Mounts(RuntimeSpec spec, string bundle, Cgroup cgroup)
    {
        foreach (var mount in spec.Mounts ?? [])
        {
            var destination = "/" + mount.Destination.Trim('/');
            var isBind = mount.Type == "bind" || mount.Options?.Exists(o => o is "bind" or "rbind") == true;
            if (isBind && mount.Source is { Length: > 0 } source) yield return (destination, WithoutLinks(null, Path.GetFullPath(source, bundle)));
            // Without a namespace of its own it is shown its cgroup from the host's hierarchies.
            if (mount.Type != "cgroup" || spec.Linux?.Namespaces?.Exists(n => n is { Type: "cgroup", Path: null or "" }) == true) continue;
            foreach (var hierarchy in CgroupLayout.Machine.Hierarchies)
                yield return (CgroupLayout.Machine.IsUnifiedOnly ? destination : $"{destination}/{hierarchy.Name}", cgroup.DirectoryIn(hierarchy));
        }
    }

    /// <summary>Where a path of a process's leads, as its mount table has it; the path itself where there is nothing.</summary>
    public static string PlaceOf(int pid, string path)
    {
        using var root = PathDescriptor.Open(null, $"/proc/{pid}/root", OpenFlags.Path);
        return WithoutLinks(root, path);
    }

    private static string WithoutLinks(SafeFileHandle? root, string path)
    {
        if (PathDescriptor.TryOpen(root, path, OpenFlags.Path, out var file, root is null ? Resolve.None : Resolve.InRoot) != Errno.None) return path;
        using (file) return Files.TryReadLink($"/proc/self/fd/{(int)file!.DangerousGetHandle()}") ?? path;
    }

    /// <summary>Namespaces that are joined by their path, of the two kinds that CRIU can leave out.</summary>
    public static IEnumerable<(string File, string Path, string Name)> Namespaces(RuntimeSpec spec)
    {
        foreach (var space in spec.Linux?.Namespaces ?? [])
        {
            if (space.Path is not { Length: > 0 } path) continue;
            if (space.Type == "network") yield return ("net", path, NetworkName);
            if (space.Type == "pid") yield return ("pid", path, PidsName);
        }
    }

    /// <summary>The names of a process's standard input, output and error; empty for what is the container's own.</summary>
    public static List<string> Streams(int pid)
    {
        var mounts = new HashSet<string>();
        foreach (var line in KernelFile.Read($"/proc/{pid}/mountinfo").Split('\n')) mounts.Add(line.Split(' ', 2)[0]);
        return [Stream(pid, 0, mounts), Stream(pid, 1, mounts), Stream(pid, 2, mounts)];
    }

    private static string Stream(int pid, int number, HashSet<string> mounts)
    {
        var path = $"/proc/{pid}/fd/{number}";
        if (Files.TryReadLink(path) is not { } target) return "";
        if (target.StartsWith("pipe:[", StringComparison.Ordinal)) return target;
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path, out var file) != Errno.None) return "";
        FileStatus status;
        using (file) status = FileAt.Status(file!);
        if (status.Kind == FileKind.CharacterDevice && status.DeviceMajor is >= FirstTerminalMajor and <= LastTerminalMajor)
            return $"tty[{Number(status.DeviceMajor, status.DeviceMinor):x}:{Number((uint)(status.FileSystem >> 32), (uint)status.FileSystem):x}]";
        foreach (var line in KernelFile.Read($"/proc/{pid}/fdinfo/{number}").Split('\n'))
            if (line.StartsWith("mnt_id:", StringComparison.Ordinal) && line[7..].Trim() is var mount && !mounts.Contains(mount))
                return $"file[{int.Parse(mount):x}:{status.Inode:x}]";
        return "";
    }

    // As glibc has it in st_dev.
    private static ulong Number(uint major, uint minor) => (minor & 0xff) | ((ulong)(major & 0xfff) << 8) | ((ulong)(minor & ~0xffu) << 12);

    public static void SaveStreams(string images, List<string> names)
    {
        var json = new JsonWriter();
        json.WriteStartArray();
        foreach (var name in names) json.WriteStringValue(name);
        json.WriteEndArray();
        Files.Write(StreamsIn(images), json.Bytes, 0x180);
    }

    /// <exception cref="UsageException">There is no checkpoint in the folder.</exception>
    public static List<string> LoadStreams(string images)
    {
        var bytes = KernelFile.TryReadBytes(StreamsIn(images)) ?? throw new UsageException($"{images} holds no checkpoint; --image-path must name the folder that checkpoint wrote");
        var json = new JsonCursor(bytes);
        return json.Texts() ?? [];
    }

    private static string StreamsIn(string images) => Path.Combine(images, "descriptors.json");
}
