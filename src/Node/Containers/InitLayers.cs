using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Images;
using Yun.Linux;

namespace Yun.Node.Containers;

/// <summary>
/// Docker's init layer: between an image and a container's changes lies a directory with the empty files and directories that every start mounts something
/// on and the image lacks. So a place to mount on is no change of the container: <c>diff</c>, <c>commit</c> and a build's steps do not see it.
/// One is made for each image, under <c>init/</c> of the data root, and serves all its containers.
/// </summary>
internal sealed class InitLayers
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Enterable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    // A name that is as short as those of layers: all of them together are one mount option on older kernels.
    private const int NameLength = 16;

    private static readonly (string Path, FileKind Kind)[] s_places =
    [
        ("dev", FileKind.Directory), ("proc", FileKind.Directory), ("sys", FileKind.Directory), (".dockerenv", FileKind.Regular),
        ("etc/hostname", FileKind.Regular), ("etc/hosts", FileKind.Regular), ("etc/resolv.conf", FileKind.Regular), ("etc/mtab", FileKind.SymbolicLink),
    ];

    private readonly string _directory;
    private readonly ImageStore _images;
    private readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<string>>> _known = new(StringComparer.Ordinal);

    public InitLayers(string dataRoot, ImageStore images)
    {
        (_directory, _images) = (Path.Combine(dataRoot, "init"), images);
        Directory.CreateDirectory(_directory);
    }

    /// <summary>The image's layer directories with the init layer before them, the topmost first: what a container's changes are mounted on.</summary>
    public IReadOnlyList<string> Below(Image image)
    {
        var name = image.ChainIds is [.., var top] ? top.Hex[..NameLength] : "empty";
        return _known.GetOrAdd(name, _ => new Lazy<IReadOnlyList<string>>(() => [Make(name, image), .. _images.LayerDirectories(image)])).Value;
    }

    /// <summary>Removes those of images that are gone; while no container can be made.</summary>
    public void Collect(IEnumerable<Image> images)
    {
        var needed = images.Select(image => image.ChainIds is [.., var top] ? top.Hex[..NameLength] : "empty").ToHashSet();
        foreach (var directory in Directory.EnumerateDirectories(_directory))
            if (!needed.Contains(Path.GetFileName(directory))) _images.Trash.Throw(directory);
    }

    private string Make(string name, Image image)
    {
        var path = Path.Combine(_directory, name);
        if (Directory.Exists(path)) return path;
        // Complete under its name or not there at all.
        var draft = Path.Combine(_directory, $"{name}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(draft);
        using (var root = Overlay.Mount(_images.LayerDirectories(image), null, null))
        {
            CopyMode(root, "", draft);
            foreach (var (place, kind) in s_places) Add(root, draft, place, kind);
        }
        Directory.Move(draft, path);
        return path;
    }

    private static void Add(SafeFileHandle root, string draft, string place, FileKind kind)
    {
        RootedPath found;
        try { found = RootedPath.Find(root, place); }
        // A file where a directory should be: the start will say so, if it matters.
        catch (Protocol.EngineException) { return; }
        if (found.Kind != PathKind.Missing) return;
        var parts = found.Path.Split('/');
        for (var depth = 1; depth < parts.Length; depth++)
        {
            var inside = string.Join('/', parts[..depth]);
            var directory = Path.Combine(draft, inside);
            if (Directory.Exists(directory)) continue;
            Directory.CreateDirectory(directory, Enterable);
            if (depth <= found.ExistingParts) CopyMode(root, inside, directory);
        }
        var path = Path.Combine(draft, found.Path);
        switch (kind)
        {
            case FileKind.Directory: Directory.CreateDirectory(path, Enterable); break;
            case FileKind.SymbolicLink: File.CreateSymbolicLink(path, "/proc/mounts"); break;
            default:
                File.Create(path).Dispose();
                File.SetUnixFileMode(path, Readable);
                break;
        }
    }

    // Of directories in several layers, overlayfs shows the topmost one's owner and mode.
    private static void CopyMode(SafeFileHandle root, string inside, string directory)
    {
        using var from = RootedPath.OpenFolder(root, inside);
        var status = FileAt.Status(from);
        using var to = PathDescriptor.Open(null, directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        OpenFile.ChangeOwner(to, status.UserId, status.GroupId);
        OpenFile.ChangeMode(to, status.Mode);
        OpenFile.ChangeTimes(to, status.Accessed, status.Modified);
    }
}
