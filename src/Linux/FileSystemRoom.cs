using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>How much a file system holds, and how much room there is for everybody but root.</summary>
/// <param name="Files">Inodes; 0 where the file system makes them as it needs them.</param>
public sealed unsafe partial record FileSystemRoom(ulong Bytes, ulong FreeBytes, ulong Files, ulong FreeFiles)
{
    // struct statvfs of 64-bit Linux: f_frsize, f_blocks, f_bavail, f_files and f_favail are its words 1, 2, 4, 5 and 7.
    private const int StatvfsWords = 16;

    public static FileSystemRoom Of(string path)
    {
        var words = stackalloc ulong[StatvfsWords];
        Native.Check(statvfs(path, words), "statvfs", path);
        return new FileSystemRoom(words[2] * words[1], words[4] * words[1], words[5], words[7]);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statvfs(string path, ulong* words);
}
