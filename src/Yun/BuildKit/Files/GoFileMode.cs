using Yun.Linux;

namespace Yun.BuildKit;

/// <summary>Kind and mode of a file as Go's <c>os.FileMode</c> has them, which is what clients send.</summary>
internal static class GoFileMode
{
    private const uint Directory = 1u << 31, SymbolicLink = 1u << 27, Device = 1u << 26, Fifo = 1u << 25, Socket = 1u << 24, CharacterDevice = 1u << 21;
    private const uint SetUser = 1u << 23, SetGroup = 1u << 22, Sticky = 1u << 20;
    private const uint Types = Directory | SymbolicLink | Device | Fifo | Socket | CharacterDevice | 1u << 19;

    public static FileKind? KindOf(uint mode) => (mode & Types) switch
    {
        0 => FileKind.Regular,
        Directory => FileKind.Directory,
        SymbolicLink => FileKind.SymbolicLink,
        Fifo => FileKind.Fifo,
        Socket => FileKind.Socket,
        Device => FileKind.BlockDevice,
        Device | CharacterDevice => FileKind.CharacterDevice,
        _ => null,
    };

    /// <summary>The kernel's permission bits.</summary>
    public static uint PermissionsOf(uint mode) =>
        mode & 0x1FF | ((mode & SetUser) != 0 ? 0x800u : 0) | ((mode & SetGroup) != 0 ? 0x400u : 0) | ((mode & Sticky) != 0 ? 0x200u : 0);

    public static uint Of(FileStatus status) =>
        status.Mode & 0x1FF | ((status.Mode & 0x800) != 0 ? SetUser : 0) | ((status.Mode & 0x400) != 0 ? SetGroup : 0) | ((status.Mode & 0x200) != 0 ? Sticky : 0) | status.Kind switch
        {
            FileKind.Directory => Directory,
            FileKind.SymbolicLink => SymbolicLink,
            FileKind.Fifo => Fifo,
            FileKind.Socket => Socket,
            FileKind.BlockDevice => Device,
            FileKind.CharacterDevice => Device | CharacterDevice,
            _ => 0,
        };
}
