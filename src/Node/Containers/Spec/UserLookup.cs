using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>A user as the image's own files know it.</summary>
/// <param name="Home">From passwd; <c>/</c> when the user is not in it.</param>
public sealed record ContainerUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home)
{
    public SpecUser ForSpec() => new() { Uid = Uid, Gid = Gid, AdditionalGids = [.. Groups] };
}

/// <summary>Finds <c>user[:group]</c> in a root file system's <c>/etc/passwd</c> and <c>/etc/group</c>, which whoever made the image has written.</summary>
public static class UserLookup
{
    // A real one has some kilobytes; an image must not fill the daemon's memory.
    private const int FileBytesMax = 4 * 1024 * 1024;
    private const uint IdMax = int.MaxValue;

    /// <param name="root">The root directory's descriptor; no link in the image leads out of it.</param>
    /// <param name="user">A name or number, optionally <c>:</c> and a group; empty is root.</param>
    /// <param name="moreGroups"><c>--group-add</c>: names or numbers.</param>
    public static ContainerUser Find(SafeHandle root, string? user, IReadOnlyList<string>? moreGroups) =>
        Find(user ?? "", moreGroups ?? [], () => ReadLines(root, "etc/passwd"), () => ReadLines(root, "etc/group"));

    internal static ContainerUser Find(string asked, IReadOnlyList<string> moreGroups, Func<IReadOnlyList<string[]>> passwd, Func<IReadOnlyList<string[]>> groupFile)
    {
        var colon = asked.IndexOf(':', StringComparison.Ordinal);
        var (userPart, groupPart) = colon < 0 ? (asked, "") : (asked[..colon], asked[(colon + 1)..]);
        if (userPart.Length == 0) userPart = "0";

        var number = Number(userPart);
        // A number is never a name, or an image could make 1000 its name for root (CVE-2016-3697).
        var entry = passwd().FirstOrDefault(f => f.Length >= 4 && (number is null ? f[0] == userPart : Id(f[2]) == number));
        if (entry is null && number is null) throw Unknown($"unable to find user {userPart}: no matching entries in passwd file");
        var uid = entry is null ? number!.Value : Id(entry[2]) ?? throw Unknown($"unable to find user {userPart}: its passwd entry has no valid id");
        var gid = entry is null ? 0 : Id(entry[3]) ?? throw Unknown($"unable to find user {userPart}: its passwd entry has no valid group id");

        var groups = new List<uint>();
        if (groupPart.Length > 0) gid = GroupId(groupPart, groupFile(), $"unable to find group {groupPart}: no matching entries in group file");
        // Only without a group of its own does a user bring the groups that list it, as in Docker.
        else if (entry is not null) groups.AddRange(groupFile().Where(f => f.Length >= 4 && f[3].Split(',').Contains(entry[0])).Select(f => Id(f[2])).OfType<uint>());
        // The main group is among the supplementary ones, or a process could leave it and so get round a file that denies it (CVE-2022-36109).
        groups.Insert(0, gid);
        foreach (var more in moreGroups) groups.Add(GroupId(more, groupFile(), $"Unable to find group {more}: no matching entries in group file"));
        return new ContainerUser(uid, gid, [.. groups.Distinct()], entry is { Length: >= 6 } && entry[5].StartsWith('/') ? entry[5] : "/");
    }

    private static uint GroupId(string asked, IReadOnlyList<string[]> groups, string notFound)
    {
        if (Number(asked) is { } number) return number;
        return groups.FirstOrDefault(f => f.Length >= 3 && f[0] == asked) is { } named && Id(named[2]) is { } id ? id : throw Unknown(notFound);
    }

    // With a zero in front it is a name like any other, which nobody has.
    private static uint? Number(string text) =>
        text.Length == 0 || !text.All(char.IsAsciiDigit) || (text[0] == '0' && text.Length > 1) ? null : Id(text) ?? throw Unknown($"uids and gids must be in range 0-{IdMax}");

    private static uint? Id(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id <= IdMax ? id : null;

    private static List<string[]> ReadLines(SafeHandle root, string path)
    {
        // Not following the last link out of the root, not waiting for a fifo's writer, not reading a device.
        if (PathDescriptor.TryOpen(root, path, OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal, out var file, Resolve.InRoot) != Errno.None) return [];
        using (file)
        {
            if (!IsRegular(file!)) return [];
            var length = Math.Min(RandomAccess.GetLength(file!), FileBytesMax);
            var bytes = new byte[length];
            var read = 0;
            for (int more; read < bytes.Length && (more = RandomAccess.Read(file!, bytes.AsSpan(read), read)) > 0;) read += more;
            return [.. Encoding.UTF8.GetString(bytes, 0, read).Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.TrimEnd('\r').Split(':'))];
        }
    }

    private static bool IsRegular(SafeFileHandle file)
    {
        try { return (File.GetAttributes(file) & (FileAttributes.Device | FileAttributes.Directory)) == 0 && RandomAccess.GetLength(file) >= 0; }
        catch (NotSupportedException) { return false; }
    }

    private static EngineException Unknown(string message) => new(ErrorKind.InvalidArgument, message);
}
