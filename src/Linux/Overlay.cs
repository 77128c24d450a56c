using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>overlayfs, mounted by descriptor so that it exists in no mount namespace but its container's.</summary>
public static class Overlay
{
    /// <summary>Whether fsconfig takes layers one by one (Linux 6.5 and newer); older kernels take one string of at most 255 bytes.</summary>
    private static readonly bool s_takesLayersOneByOne = Environment.OSVersion.Version >= new Version(6, 5);

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
        var options = new List<KeyValuePair<string, string?>>(lowerTopFirst.Count + 2);
        if (s_takesLayersOneByOne) options.AddRange(lowerTopFirst.Select(lower => KeyValuePair.Create("lowerdir+", (string?)lower)));
        else options.Add(KeyValuePair.Create("lowerdir", (string?)string.Join(':', lowerTopFirst.Select(Escape))));
        if (upper is not null)
        {
            options.Add(KeyValuePair.Create("upperdir", (string?)upper));
            options.Add(KeyValuePair.Create("workdir", work));
        }
        return MountTree.New("overlay", options);
    }

    private static string Escape(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
}
