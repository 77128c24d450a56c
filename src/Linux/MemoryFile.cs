using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>A file without a name, in memory (memfd_create(2)).</summary>
public static class MemoryFile
{
    private const uint CloseOnExec = 1, AllowSealing = 2, Executable = 0x10;
    private const int AddSeals = 1033;
    private const nint SealSeal = 1, SealShrink = 2, SealGrow = 4, SealWrite = 8;

    /// <summary>A file with some content, to be read from its start, on a descriptor that is none of the standard three.</summary>
    public static SafeFileHandle Holding(string name, ReadOnlySpan<byte> content)
    {
        using var made = new SafeFileHandle(Native.Check(Native.memfd_create(name, CloseOnExec), "memfd_create", name), true);
        var file = Descriptors.Duplicate(made);
        Pipe.WriteAll(file, content);
        Native.Check(Native.lseek(file, 0, 0), "lseek", name);
        return file;
    }

    /// <summary>An executable file with nothing in it, sealed and open for reading only.</summary>
    public static SafeFileHandle EmptyProgram()
    {
        using var file = Create("empty");
        Native.Check(Native.fcntl(file, AddSeals, SealSeal | SealShrink | SealGrow | SealWrite), "fcntl", "F_ADD_SEALS");
        return PathDescriptor.Open(null, $"/proc/self/fd/{file.DangerousGetHandle()}", OpenFlags.ReadOnly);
    }

    private static SafeFileHandle Create(string name)
    {
        // MFD_EXEC came with Linux 6.3; before it, all memory files were executable.
        var created = Native.memfd_create(name, CloseOnExec | AllowSealing | Executable);
        if (created < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINVAL) created = Native.memfd_create(name, CloseOnExec | AllowSealing);
        return new SafeFileHandle(Native.Check(created, "memfd_create", name), true);
    }

    /// <summary>The whole content, wherever whoever wrote or read it stopped.</summary>
    public static byte[] ReadAll(SafeFileHandle file)
    {
        var content = new byte[OpenFile.Length(file)];
        OpenFile.Seek(file, 0);
        for (var count = 0; count < content.Length;)
        {
            var read = Descriptors.Read(file, content.AsSpan(count), out var errno);
            if (read <= 0) throw new SyscallException("read", errno, "memory file");
            count += read;
        }
        return content;
    }

    /// <summary>Reads from the file's start, wherever whoever wrote it stopped.</summary>
    public static int ReadFirst(SafeFileHandle file, Span<byte> buffer)
    {
        Native.Check(Native.lseek(file, 0, 0), "lseek");
        return Math.Max(0, Descriptors.Read(file, buffer, out _));
    }

    /// <summary>A copy that can be executed and that nobody can change any more, whatever descriptor they get hold of.</summary>
    public static SafeFileHandle SealedProgram(string name, SafeFileHandle program)
    {
        var file = Create(name);
        try
        {
            var buffer = new byte[64 << 10];
            int count;
            while ((count = Descriptors.Read(program, buffer, out var errno)) != 0)
            {
                if (count < 0) throw new SyscallException("read", errno, name);
                Pipe.WriteAll(file, buffer.AsSpan(0, count));
            }
            Native.Check(Native.fcntl(file, AddSeals, SealSeal | SealShrink | SealGrow | SealWrite), "fcntl", "F_ADD_SEALS");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
