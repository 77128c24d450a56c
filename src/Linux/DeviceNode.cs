using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>A device file of the host.</summary>
/// <param name="Type">c or b.</param>
/// <param name="Mode">Permission bits.</param>
public sealed partial record DeviceNode(string Path, char Type, uint Major, uint Minor, uint Mode, uint Uid, uint Gid)
{
    private const int CurrentDirectory = -100;
    private const uint BasicStatistics = 0x7FF, FormatMask = 0xF000, CharacterDevice = 0x2000, BlockDevice = 0x6000;

    /// <summary>The device at a path, through links; null when there is none or it is something else.</summary>
    public static unsafe DeviceNode? TryRead(string path)
    {
        StatX status;
        if (statx(CurrentDirectory, path, 0, BasicStatistics, &status) != 0) return null;
        var type = (status.Mode & FormatMask) switch { CharacterDevice => 'c', BlockDevice => 'b', _ => '\0' };
        return type == '\0' ? null : new DeviceNode(path, type, status.DeviceMajor, status.DeviceMinor, status.Mode & 0xFFFu, status.Uid, status.Gid);
    }

    // The beginning of struct statx (linux/stat.h); the kernel writes 256 bytes.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(128)] public uint DeviceMajor;
        [FieldOffset(132)] public uint DeviceMinor;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, StatX* status);
}
