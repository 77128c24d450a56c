using System.Runtime.InteropServices;
using System.Text;

namespace Yun.Linux;

/// <summary>
/// Extended attributes of one name inside an open directory, or of the directory itself when the name is empty; links are not followed. Linux has no xattr call
/// that takes a directory descriptor before 6.13, so the directory is named through /proc/self/fd, which follows the descriptor and nothing else.
/// </summary>
public static unsafe class ExtendedAttributes
{
    private const int ValueMax = 64 * 1024;

    public static Errno TrySet(SafeHandle directory, string name, string attribute, ReadOnlySpan<byte> value)
    {
        fixed (byte* path = PathOf(directory, name))
        fixed (byte* key = Key(attribute))
        fixed (byte* bytes = value)
            return Result(Native.lsetxattr(path, key, bytes, (nuint)value.Length, 0));
    }

    /// <summary>On an open file.</summary>
    public static Errno TrySet(SafeHandle file, string attribute, ReadOnlySpan<byte> value)
    {
        fixed (byte* key = Key(attribute))
        fixed (byte* bytes = value)
            return Result(Native.fsetxattr(file, key, bytes, (nuint)value.Length, 0));
    }

    public static void Set(SafeHandle directory, string name, string attribute, ReadOnlySpan<byte> value)
    {
        if (TrySet(directory, name, attribute, value) is not Errno.None and var errno) throw new SyscallException("lsetxattr", errno, $"{name} ({attribute})");
    }

    /// <summary>Null when there is no such attribute, or the file system knows none.</summary>
    public static byte[]? Get(SafeHandle directory, string name, string attribute)
    {
        fixed (byte* path = PathOf(directory, name))
        fixed (byte* key = Key(attribute))
        {
            var buffer = new byte[256];
            while (true)
            {
                nint length;
                fixed (byte* into = buffer) length = Native.lgetxattr(path, key, into, (nuint)buffer.Length);
                if (length >= 0) return buffer[..(int)length];
                switch ((Errno)Marshal.GetLastPInvokeError())
                {
                    case Errno.ERANGE when buffer.Length < ValueMax: buffer = new byte[ValueMax]; break;
                    case Errno.ENODATA or Errno.EOPNOTSUPP: return null;
                    case var errno: throw new SyscallException("lgetxattr", errno, $"{name} ({attribute})");
                }
            }
        }
    }

    public static IReadOnlyList<string> List(SafeHandle directory, string name)
    {
        fixed (byte* path = PathOf(directory, name))
        {
            // Most files have none, and asking for the size first tells so without a buffer.
            var length = Native.llistxattr(path, null, 0);
            if (length == 0 || (length < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EOPNOTSUPP)) return [];
            var buffer = new byte[ValueMax];
            fixed (byte* into = buffer) length = (nint)Native.Check(Native.llistxattr(path, into, (nuint)buffer.Length), "llistxattr", name);
            return Encoding.UTF8.GetString(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    public static Errno TryRemove(SafeHandle directory, string name, string attribute)
    {
        fixed (byte* path = PathOf(directory, name))
        fixed (byte* key = Key(attribute))
            return Result(Native.lremovexattr(path, key));
    }

    private static byte[] PathOf(SafeHandle directory, string name)
    {
        var path = $"/proc/self/fd/{directory.DangerousGetHandle()}/{(name.Length == 0 ? "." : name)}";
        var bytes = new byte[FileName.BytesMax(path)];
        FileName.Encode(path, bytes);
        return bytes;
    }

    private static byte[] Key(string attribute)
    {
        var bytes = new byte[FileName.BytesMax(attribute)];
        FileName.Encode(attribute, bytes);
        return bytes;
    }

    private static Errno Result(int result) => result >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
