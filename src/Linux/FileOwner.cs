using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>
/// Until it is disposed of, what the calling thread makes belongs to another user and group, with all the rights that it has. On an id-mapped mount nobody can make a file
/// whom the mount knows no id for, root neither. No thread may be started meanwhile: it would be the same.
/// </summary>
public readonly ref partial struct FileOwner : IDisposable
{
    private const int GetSecureBits = 27, SetSecureBits = 28;
    // Without it the kernel takes a thread's rights over files when it acts for somebody else than root (capabilities(7)).
    private const nuint NoFixup = 4;

    private readonly bool _changed;
    private readonly nuint _bits;

    private FileOwner(uint user, uint group)
    {
        _bits = (nuint)Native.Check(Native.prctl(GetSecureBits, 0, 0, 0, 0), "prctl", "PR_GET_SECUREBITS");
        Native.Check(Native.prctl(SetSecureBits, _bits | NoFixup, 0, 0, 0), "prctl", "PR_SET_SECUREBITS");
        _changed = true;
        _ = setfsgid(group);
        _ = setfsuid(user);
    }

    public static FileOwner Of(uint user, uint group) => new(user, group);

    public void Dispose()
    {
        if (!_changed) return;
        _ = setfsuid(UserIdentity.UserId);
        _ = setfsgid(UserIdentity.GroupId);
        _ = Native.prctl(SetSecureBits, _bits, 0, 0, 0);
    }

    [LibraryImport("libc")]
    private static partial int setfsuid(uint user);

    [LibraryImport("libc")]
    private static partial int setfsgid(uint group);
}
