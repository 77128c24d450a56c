using System.Text;

namespace Yun.Linux;

/// <summary>Small files of procfs, sysfs and cgroups, read and written whole in one call, without the locks and lengths that ordinary files need.</summary>
public static class KernelFile
{
    /// <exception cref="SyscallException">It cannot be opened or read.</exception>
    public static string Read(string path)
    {
        using var file = PathDescriptor.Open(null, path, OpenFlags.ReadOnly);
        return Read(file);
    }

    /// <summary>Null when there is no such file.</summary>
    public static string? TryRead(string path)
    {
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly, out var file);
        if (errno is Errno.ENOENT or Errno.ENOTDIR) return null;
        if (file is null) throw new SyscallException("open", errno, path);
        using (file)
        {
            // A process that ended in between reads as ESRCH, a cgroup that was removed as ENODEV.
            try { return Read(file); }
            catch (SyscallException error) when (error.Errno is Errno.ESRCH or Errno.ENODEV) { return null; }
        }
    }

    /// <summary>Writes in one call, as these files want it.</summary>
    /// <exception cref="SyscallException">It cannot be opened, or the kernel refused the value.</exception>
    public static void Write(string path, string value)
    {
        using var file = PathDescriptor.Open(null, path, OpenFlags.WriteOnly);
        if (Descriptors.Write(file, Encoding.UTF8.GetBytes(value), out var errno) < 0) throw new SyscallException($"write '{value}' to", errno, path);
    }

    /// <summary>An ordinary file's content; null when there is none.</summary>
    /// <exception cref="SyscallException">It cannot be read, or holds more than <paramref name="bytesMax"/> (EFBIG).</exception>
    public static byte[]? TryReadBytes(string path, int bytesMax = 16 << 20)
    {
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly, out var file);
        if (errno is Errno.ENOENT or Errno.ENOTDIR) return null;
        if (file is null) throw new SyscallException("open", errno, path);
        using (file)
        {
            var bytes = new byte[16 << 10];
            var length = 0;
            while (Pipe.ReadSome(file, bytes.AsSpan(length)) is var count and > 0)
            {
                length += count;
                if (length > bytesMax) throw new SyscallException("read", Errno.EFBIG, path);
                if (length == bytes.Length) Array.Resize(ref bytes, length * 2);
            }
            return bytes[..length];
        }
    }

    /// <summary>What is in a directory, by name; nothing when it does not exist.</summary>
    public static List<string> Names(string path)
    {
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly | OpenFlags.Directory, out var directory);
        if (errno is Errno.ENOENT or Errno.ENOTDIR) return [];
        if (directory is null) throw new SyscallException("open", errno, path);
        using (directory) return FileAt.Names(directory);
    }

    /// <summary>The paths of the directories in a directory; none when it does not exist.</summary>
    public static List<string> Directories(string path)
    {
        var paths = new List<string>();
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly | OpenFlags.Directory, out var directory);
        if (errno is Errno.ENOENT or Errno.ENOTDIR) return paths;
        if (directory is null) throw new SyscallException("open", errno, path);
        using (directory)
        {
            foreach (var name in FileAt.Names(directory))
                if (FileAt.TryStatus(directory, name, out var status) == Errno.None && status.Kind == FileKind.Directory) paths.Add($"{path}/{name}");
        }
        return paths;
    }

    private static string Read(Microsoft.Win32.SafeHandles.SafeFileHandle file)
    {
        Span<byte> buffer = stackalloc byte[4096];
        var count = Pipe.ReadSome(file, buffer);
        var text = Encoding.UTF8.GetString(buffer[..count]);
        // procfs gives long files in pieces; a short read is not the end, an empty one is.
        while (count > 0 && (count = Pipe.ReadSome(file, buffer)) > 0) text += Encoding.UTF8.GetString(buffer[..count]);
        return text;
    }
}
