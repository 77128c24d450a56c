using System.Security.Cryptography;
using Yun.Images.Content;
using Yun.Linux;

namespace Yun.Node.Builds;

/// <summary>A build's own place: context, downloads, and the upper directories of its steps. Gone when the build is.</summary>
internal sealed class BuildDirectory : IDisposable
{
    private const UnixFileMode RootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Everyone = RootOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const string Prefix = "build-";

    private int _count;

    private readonly Trash? _trash;

    private BuildDirectory(string path, Trash? trash) => (Path, _trash) = (path, trash);

    public string Path { get; }

    /// <summary>A new one, called as <see cref="RemoveLeftovers"/> will know it.</summary>
    /// <param name="trash">Of the same file system, where the directory goes in the end, so that nobody waits for its deletion.</param>
    public static BuildDirectory Create(string folder, Trash? trash = null)
    {
        var path = System.IO.Path.Combine(folder, Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        Directory.CreateDirectory(path, RootOnly);
        return new BuildDirectory(path, trash);
    }

    /// <summary>
    /// Has each build's files lie apart from those of others on ext4, which passes by the places of files that were deleted within the last seconds, one by one: beside a build that has just ended,
    /// making a file would cost many times what it should.
    /// </summary>
    public static void Spread(string folder)
    {
        Directory.CreateDirectory(folder, RootOnly);
        using var opened = PathDescriptor.Open(null, folder, OpenFlags.ReadOnly | OpenFlags.Directory);
        OpenFile.SpreadDirectories(opened);
    }

    /// <summary>What builds of an earlier daemon left: none of it is of use to anyone.</summary>
    public static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var left in Directory.EnumerateDirectories(folder, Prefix + "*")) Remove(left);
    }

    /// <summary>A new, empty directory. What becomes the root of a layer must be readable to all, as <c>/</c> is.</summary>
    public string Make(string name, bool readableToAll = false)
    {
        var path = System.IO.Path.Combine(Path, $"{name}-{Interlocked.Increment(ref _count)}");
        Directory.CreateDirectory(path, RootOnly);
        if (readableToAll) File.SetUnixFileMode(path, Everyone); // whatever the daemon's umask is
        return path;
    }

    public void Dispose()
    {
        if (_trash is null) Remove(Path);
        else _trash.Throw(Path);
    }

    // Links are removed, not followed. What cannot be removed now is a leftover, and goes when the daemon starts next.
    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
