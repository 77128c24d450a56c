using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary>The root of a container without a mount namespace of its own, which is mounted where all can see it until delete takes it away.</summary>
internal static class HostMount
{
    /// <summary>The id of the topmost mount at a path (proc_pid_mountinfo(5)), and 0 when nothing is mounted there.</summary>
    public static int At(string path)
    {
        var (found, escaped) = (0, path.Replace("\\", "\\134", StringComparison.Ordinal).Replace(" ", "\\040", StringComparison.Ordinal));
        foreach (var line in KernelFile.Read("/proc/self/mountinfo").Split('\n'))
            if (line.Split(' ', 6) is [var id, _, _, _, var place, _] && place == escaped) found = int.Parse(id);
        return found;
    }

    /// <summary>Takes that mount away, with all below it, and no other.</summary>
    public static void Detach(string path, int id)
    {
        if (id != 0 && At(path) == id) MountTree.Detach(path);
    }
}
