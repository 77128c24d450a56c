using System.Collections.Concurrent;
using Yun.Images;
using Yun.Linux;

namespace Yun.Node.Machines;

/// <summary>Images as disks for virtual machines: one to an image's layers, made when it is first needed, shared by all machines, under <c>machines/disks</c> of the data root.</summary>
internal sealed class RootDisks
{
    private const int NameLength = 16;

    private readonly string _folder;
    private readonly MachineTools _tools;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _known = new(StringComparer.Ordinal);

    public RootDisks(string folder, MachineTools tools)
    {
        (_folder, _tools) = (folder, tools);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var left in Directory.EnumerateFiles(folder, "*.part")) File.Delete(left);
        foreach (var left in Directory.EnumerateDirectories(folder, "*.place")) Directory.Delete(left);
    }

    /// <summary>The path of the image's disk.</summary>
    /// <param name="layers">The image's directories, the topmost first, with the places that a start mounts on.</param>
    public async Task<string> OpenAsync(Image image, IReadOnlyList<string> layers, CancellationToken cancel)
    {
        var name = NameOf(image);
        // Whoever comes second waits for the first one's; that one's giving up does not end it.
        var making = _known.GetOrAdd(name, _ => new(() => MakeAsync(Path.Combine(_folder, name + ".erofs"), layers)));
        try { return await making.Value.WaitAsync(cancel); }
        catch (Exception) when (making.Value.IsCompleted)
        {
            _known.TryRemove(KeyValuePair.Create(name, making));
            throw;
        }
    }

    /// <summary>Removes those of images that are gone; while no machine can be made.</summary>
    public void Collect(IEnumerable<Image> images)
    {
        var needed = images.Select(image => NameOf(image) + ".erofs").ToHashSet();
        foreach (var file in Directory.EnumerateFiles(_folder))
            if (!needed.Contains(Path.GetFileName(file))) File.Delete(file);
    }

    private async Task<string> MakeAsync(string path, IReadOnlyList<string> layers)
    {
        if (File.Exists(path)) return path;
        var draft = $"{path}.{Guid.NewGuid():N}.part";
        var place = Directory.CreateDirectory(draft + ".place").FullName;
        try
        {
            using var root = Overlay.Mount(layers, null, null);
            await Task.Run(() => _tools.MakeErofs(root, place, draft));
            using (var file = File.OpenHandle(draft, FileMode.Open, FileAccess.ReadWrite)) OpenFile.Sync(file);
            // The sandbox's user reads it, by a mount; nobody else gets into the folder.
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.Move(draft, path);
            return path;
        }
        finally
        {
            File.Delete(draft);
            Directory.Delete(place);
        }
    }

    private static string NameOf(Image image) => image.ChainIds is [.., var top] ? top.Hex[..NameLength] : "empty";
}
