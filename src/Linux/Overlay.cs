using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>overlayfs, mounted by descriptor so that it exists in no mount namespace but its container's.</summary>
public static class Overlay
{
    /// <summary>Whether fsconfig takes layers one by one, by <c>lowerdir+</c>; older kernels take them in one string, of which fsconfig takes 255 bytes.</summary>
    private static readonly bool s_takesLayersOneByOne = Environment.OSVersion.Version >= new Version(6, 8);

    /// <summary>A detached overlay mount, owned by the caller.</summary>
    /// <param name="lowerTopFirst">Read-only layer directories, the topmost first; at least one.</param>
    /// <param name="upper">Where changes go; null for a read-only mount, which then needs two lower directories or gets an empty one.</param>
    /// <param name="work">An empty directory on the upper's file system; null exactly when <paramref name="upper"/> is.</param>
    /// <exception cref="SyscallException">The kernel refused; its own words are in the text.</exception>
    public static SafeFileHandle Mount(IReadOnlyList<string> lowerTopFirst, string? upper, string? work)
    {
        // A single lower directory without an upper is no overlay to the kernel, and a plain read-only bind does the same.
        if (upper is null && lowerTopFirst.Count == 1)
        {
            var bind = MountTree.Clone(lowerTopFirst[0], recursive: false);
            MountTree.Change(bind, MountAttributes.ReadOnly, MountAttributes.None, MountPropagation.Private, recursive: false);
            return bind;
        }
        return s_takesLayersOneByOne ? MountOneByOne(lowerTopFirst, upper, work) : MountByNumbers(lowerTopFirst, upper, work);
    }

    private static SafeFileHandle MountOneByOne(IReadOnlyList<string> lowerTopFirst, string? upper, string? work)
    {
        var options = new List<KeyValuePair<string, string?>>(lowerTopFirst.Count + 2);
        options.AddRange(lowerTopFirst.Select(lower => KeyValuePair.Create("lowerdir+", (string?)lower)));
        if (upper is not null)
        {
            options.Add(KeyValuePair.Create("upperdir", (string?)upper));
            options.Add(KeyValuePair.Create("workdir", work));
        }
        return MountTree.New("overlay", options);
    }

    /// <summary>
    /// By one string of options, of which mount(2) takes a page. The directories are opened, and named by their descriptors' numbers from inside
    /// procfs's folder of those: so all 500 layers that overlayfs takes fit, however long their paths. mount(2) needs a place and knows the mounts of its own
    /// namespace only; in one of its own nobody sees the place, the topmost layer.
    /// </summary>
    internal static SafeFileHandle MountByNumbers(IReadOnlyList<string> lowerTopFirst, string? upper, string? work) => MountNamespace.InsideNew(() =>
    {
        var opened = new List<SafeFileHandle>(lowerTopFirst.Count + 2);
        string Number(string path)
        {
            opened.Add(PathDescriptor.Open(null, path, OpenFlags.Path | OpenFlags.Directory));
            return opened[^1].DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
        }
        try
        {
            var options = $"lowerdir={string.Join(':', lowerTopFirst.Select(Number))}" + (upper is null ? "" : $",upperdir={Number(upper)},workdir={Number(work!)}");
            OwnProcess.ChangeDirectory("/proc/thread-self/fd");
            MountTree.Mount("overlay", lowerTopFirst[0], options);
            return MountTree.Clone(lowerTopFirst[0], recursive: false);
        }
        finally
        {
            foreach (var directory in opened) directory.Dispose();
        }
    });
}
