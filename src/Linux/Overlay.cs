using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>overlayfs, mounted by descriptor so that it exists in no mount namespace but its container's.</summary>
public static class Overlay
{
    /// <summary>Whether fsconfig takes layers one by one, by <c>lowerdir+</c>; older kernels take them in one string, of which fsconfig takes 255 bytes.</summary>
    private static readonly bool s_takesLayersOneByOne = Environment.OSVersion.Version >= new Version(6, 8);

    /// <summary>Whether it takes layers as open files too, which may then be of mounts that no path leads to.</summary>
    private static readonly bool s_takesOpenLayers = Environment.OSVersion.Version >= new Version(6, 13);

    /// <summary>A detached overlay mount, owned by the caller.</summary>
    /// <param name="lowerTopFirst">Read-only layer directories, the topmost first; at least one.</param>
    /// <param name="upper">Where changes go; null for a read-only mount, which then needs two lower directories or gets an empty one.</param>
    /// <param name="work">An empty directory on the upper's file system; null exactly when <paramref name="upper"/> is.</param>
    /// <param name="maps">A user namespace whose maps shift the owners of the layers; what is changed is kept with the shifted ones.</param>
    /// <exception cref="SyscallException">The kernel refused; its own words are in the text.</exception>
    public static SafeFileHandle Mount(IReadOnlyList<string> lowerTopFirst, string? upper, string? work, SafeHandle? maps = null)
    {
        // A single lower directory without an upper is no overlay to the kernel, and a plain read-only bind does the same.
        if (upper is null && lowerTopFirst.Count == 1)
        {
            var bind = Shifted(lowerTopFirst[0], maps);
            MountTree.Change(bind, MountAttributes.ReadOnly, MountAttributes.None, MountPropagation.Private, recursive: false);
            return bind;
        }
        if (maps is null) return s_takesLayersOneByOne ? MountOneByOne(lowerTopFirst, upper, work) : MountByNumbers(lowerTopFirst, upper, work);
        return s_takesOpenLayers ? MountOpened(lowerTopFirst, upper, work, maps) : MountByNumbers(lowerTopFirst, upper, work, maps);
    }

    /// <summary>As <see cref="Mount"/>, where changes are kept with the owners that the layers have on disk: as they are inside, not shifted.</summary>
    /// <param name="changes">The directory that holds <paramref name="upper"/> and <paramref name="work"/>, which are names in it.</param>
    /// <param name="user">Root's id by the maps, and <paramref name="group"/> too: overlayfs acts as whoever mounts it, and must be somebody there.</param>
    public static SafeFileHandle MountUnshifted(IReadOnlyList<string> lowerTopFirst, string changes, string upper, string work, SafeHandle maps, uint user, uint group)
    {
        if (!s_takesOpenLayers) return MountByNumbers(lowerTopFirst, upper, work, maps, changes, (user, group));
        // Both must be of one mount, and a directory mounted twice is two.
        using var both = Shifted(changes, maps);
        using var upperOpened = PathDescriptor.Open(both, upper, OpenFlags.ReadOnly | OpenFlags.Directory);
        using var workOpened = PathDescriptor.Open(both, work, OpenFlags.ReadOnly | OpenFlags.Directory);
        return WithOpened(lowerTopFirst, maps, layers =>
        {
            List<KeyValuePair<string, SafeFileHandle>> opened = [.. layers, new("upperdir", upperOpened), new("workdir", workOpened)];
            using var maker = FileOwner.Of(user, group);
            return MountTree.New("overlay", [], opened: opened);
        });
    }

    private static SafeFileHandle Shifted(string directory, SafeHandle? maps)
    {
        var mount = MountTree.Clone(directory, recursive: false);
        try
        {
            if (maps is not null) MountTree.MapIds(mount, maps, recursive: false);
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    private static List<KeyValuePair<string, string?>> Changes(string? upper, string? work) => upper is null ? [] : [new("upperdir", upper), new("workdir", work)];

    private static SafeFileHandle MountOneByOne(IReadOnlyList<string> lowerTopFirst, string? upper, string? work) =>
        MountTree.New("overlay", [.. lowerTopFirst.Select(lower => KeyValuePair.Create("lowerdir+", (string?)lower)), .. Changes(upper, work)]);

    private static SafeFileHandle MountOpened(IReadOnlyList<string> lowerTopFirst, string? upper, string? work, SafeHandle maps) =>
        WithOpened(lowerTopFirst, maps, layers => MountTree.New("overlay", Changes(upper, work), opened: layers));

    private static SafeFileHandle WithOpened(IReadOnlyList<string> lowerTopFirst, SafeHandle maps, Func<List<KeyValuePair<string, SafeFileHandle>>, SafeFileHandle> mount)
    {
        var layers = new List<KeyValuePair<string, SafeFileHandle>>(lowerTopFirst.Count);
        // A mount that is nowhere ends with the descriptor that it was made with, whoever else has it open.
        var mounts = new List<SafeFileHandle>(lowerTopFirst.Count);
        try
        {
            foreach (var lower in lowerTopFirst)
            {
                mounts.Add(Shifted(lower, maps));
                layers.Add(new("lowerdir+", PathDescriptor.Open(mounts[^1], ".", OpenFlags.ReadOnly | OpenFlags.Directory)));
            }
            return mount(layers);
        }
        finally
        {
            foreach (var (_, layer) in layers) layer.Dispose();
            foreach (var layer in mounts) layer.Dispose();
        }
    }

    /// <summary>
    /// By one string of options, of which mount(2) takes a page. The directories are opened, and named by their descriptors' numbers from inside
    /// procfs's folder of those: so all 500 layers that overlayfs takes fit, however long their paths. mount(2) needs a place and knows the mounts of its own
    /// namespace only; in one of its own nobody sees the place, the topmost layer, nor the shifted copies, which are all attached there.
    /// </summary>
    /// <param name="changes">Where <paramref name="upper"/> and <paramref name="work"/> are names in a directory that is to be shifted too: that directory.</param>
    internal static SafeFileHandle MountByNumbers(IReadOnlyList<string> lowerTopFirst, string? upper, string? work, SafeHandle? maps = null, string? changes = null, (uint User, uint Group) mounter = default) => MountNamespace.InsideNew(() =>
    {
        var opened = new List<SafeFileHandle>(lowerTopFirst.Count + 2);
        SafeFileHandle Opened(string path, bool shifts)
        {
            opened.Add(shifts ? Shifted(path, maps) : PathDescriptor.Open(null, path, OpenFlags.Path | OpenFlags.Directory));
            return opened[^1];
        }
        string Number(string path, bool shifts = false) => Opened(path, shifts).DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
        try
        {
            var lower = lowerTopFirst.Select(layer => Number(layer, shifts: maps is not null)).ToList();
            if (changes is not null)
            {
                var both = Opened(changes, shifts: true);
                MountTree.Attach(both, lowerTopFirst[0]);
                string Inside(string name)
                {
                    opened.Add(PathDescriptor.Open(both, name, OpenFlags.Path | OpenFlags.Directory));
                    return opened[^1].DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
                }
                (upper, work) = (Inside(upper!), Inside(work!));
            }
            else if (upper is not null) (upper, work) = (Number(upper), Number(work!));
            if (maps is not null)
                for (var layer = 0; layer < lower.Count; layer++) MountTree.Attach(opened[layer], lowerTopFirst[0]);
            var options = $"lowerdir={string.Join(':', lower)}" + (upper is null ? "" : $",upperdir={upper},workdir={work}");
            OwnProcess.ChangeDirectory("/proc/thread-self/fd");
            using (changes is null ? default : FileOwner.Of(mounter.User, mounter.Group)) MountTree.Mount("overlay", lowerTopFirst[0], options);
            return MountTree.Clone(lowerTopFirst[0], recursive: false);
        }
        finally
        {
            foreach (var directory in opened) directory.Dispose();
        }
    });
}
