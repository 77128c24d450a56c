using System.Runtime.InteropServices;
using Yun.Linux;

namespace Yun.Tests.EndToEnd;

/// <summary>ext4 on a file, which can be shut down as a power cut does: what its journal holds and was not written out is lost.</summary>
internal sealed partial class CutDisk : IDisposable
{
    private const uint Shutdown = 0x8004587D, WithoutFlushingTheLog = 2;

    private readonly ScratchFolder _folder = new();

    private CutDisk()
    {
    }

    /// <summary>The file, to be mounted by <c>mount -o loop</c>.</summary>
    public string Path => _folder["disk"];

    public static async Task<CutDisk> MakeAsync(string size)
    {
        if (Environment.UserName != "root") Assert.Skip("Mounting a disk needs root.");
        if (!File.Exists("/sbin/mkfs.ext4")) Assert.Skip("There is no mkfs.ext4.");
        if (!File.Exists("/dev/loop-control")) Assert.Skip("There are no loop devices.");
        var disk = new CutDisk();
        (await new Command("truncate", "-s", size, disk.Path).RunAsync()).Succeeded();
        (await new Command("/sbin/mkfs.ext4", "-q", disk.Path).RunAsync()).Succeeded();
        return disk;
    }

    /// <summary>
    /// Shuts the file system down. From then on nothing that anyone was told holds: ext4 answers some fsync calls that were under way with success although it throws their
    /// part of the journal away (with eight threads that append and sync, at 36 of 400 cuts; what had been answered before was always there).
    /// </summary>
    /// <param name="mounted">Where it is mounted.</param>
    public unsafe void Cut(string mounted)
    {
        using var directory = PathDescriptor.Open(null, mounted, OpenFlags.ReadOnly | OpenFlags.Directory);
        var how = WithoutFlushingTheLog;
        Assert.Equal(0, ioctl(directory, Shutdown, &how));
    }

    /// <summary>Waits until nobody has it mounted any more.</summary>
    public Task GoneAsync() => Eventually.HoldsAsync(async () => (await new Command("losetup", "-j", Path).RunAsync()).Succeeded().Text.Length == 0);

    public void Dispose() => _folder.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int ioctl(SafeHandle file, nuint request, uint* argument);
}
