using Yun.Linux;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>The folder a checkpoint is written to. Unless it is kept, what came into it goes again; the log stays, for whoever reads why.</summary>
internal sealed class ImageFolder : IDisposable
{
    private readonly string _path;
    private readonly HashSet<string> _before;
    private bool _kept;

    private ImageFolder(string path, HashSet<string> before) => (_path, _before) = (path, before);

    public static ImageFolder Make(string path)
    {
        Files.MakeDirectories(path, 0x1c0);
        return new ImageFolder(path, [.. Names(path)]);
    }

    public void Keep() => _kept = true;

    public void Dispose()
    {
        if (_kept) return;
        foreach (var name in Names(_path))
            if (!_before.Contains(name) && !name.EndsWith(".log", StringComparison.Ordinal)) Files.TryRemove(Path.Combine(_path, name));
    }

    private static List<string> Names(string path)
    {
        using var folder = PathDescriptor.Open(null, path, OpenFlags.ReadOnly | OpenFlags.Directory);
        return FileAt.Names(folder);
    }
}
