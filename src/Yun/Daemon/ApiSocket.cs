using System.Globalization;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>The unix socket's file: whose it is, and whether a daemon that is gone left it.</summary>
internal static partial class ApiSocket
{
    private const string DefaultGroup = "docker";
    private const UnixFileMode ForGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Removes what a dead daemon left at the path.</summary>
    /// <exception cref="EngineException">Somebody answers there.</exception>
    public static void Clear(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } directory) Directory.CreateDirectory(directory);
        if (!File.Exists(path)) return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }
        throw new EngineException(ErrorKind.Conflict, $"Another daemon listens on unix://{path}.");
    }

    /// <summary>Opens a socket that listens already to the group. Until now nobody but root could connect, for the file has no write permission for others.</summary>
    public static void Open(string path, string? group)
    {
        if (FindGroup(group ?? DefaultGroup) is { } gid)
        {
            if (Native.chown(path, 0, gid) != 0) throw new EngineException(ErrorKind.Internal, $"Cannot give unix://{path} to the group {group ?? DefaultGroup}.");
        }
        else if (group is not null)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Group {group} does not exist.");
        }
        File.SetUnixFileMode(path, ForGroup);
    }

    private static uint? FindGroup(string name)
    {
        if (uint.TryParse(name, CultureInfo.InvariantCulture, out var number)) return number;
        foreach (var line in File.ReadLines("/etc/group"))
        {
            var fields = line.Split(':');
            if (fields.Length >= 3 && fields[0] == name && uint.TryParse(fields[2], out var gid)) return gid;
        }
        return null;
    }

    private static partial class Native
    {
        [System.Runtime.InteropServices.LibraryImport("libc", SetLastError = true, StringMarshalling = System.Runtime.InteropServices.StringMarshalling.Utf8)]
        internal static partial int chown(string path, uint owner, uint group);
    }
}
