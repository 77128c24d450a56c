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
            // A process that ended in between reads as ESRCH.
            try { return Read(file); }
            catch (SyscallException error) when (error.Errno == Errno.ESRCH) { return null; }
        }
    }

    /// <summary>Writes in one call, as these files want it.</summary>
    /// <exception cref="SyscallException">It cannot be opened, or the kernel refused the value.</exception>
    public static void Write(string path, string value)
    {
        using var file = PathDescriptor.Open(null, path, OpenFlags.WriteOnly);
        if (Descriptors.Write(file, Encoding.UTF8.GetBytes(value), out var errno) < 0) throw new SyscallException($"write '{value}' to", errno, path);
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
