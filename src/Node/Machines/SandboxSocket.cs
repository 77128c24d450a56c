using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Node.Machines;

/// <summary>
/// A socket that what runs in a machine's sandbox connects to: alone in a directory, which the sandbox sees, read only, so that it finds there the socket of a later daemon too.
/// It is the sandbox that connects, so that nothing it could put in the place of a file of its own is ever opened by us.
/// </summary>
internal static class SandboxSocket
{
    /// <summary>The directory of one machine.</summary>
    public static string FolderOf(EngineOptions options, string id) => Path.Combine(options.ExecRoot, "machines", id[..12]);

    /// <param name="user">The sandbox's: nobody else can connect.</param>
    public static UnixSocket Listen(string folder, string name, uint user)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        var path = Path.Combine(folder, name);
        File.Delete(path);
        var bound = UnixSocket.Listen(path, backlog: 1);
        using var socket = PathDescriptor.Open(null, path, OpenFlags.Path);
        FileAt.ChangeOwner(socket, "", user, user);
        return bound;
    }

    /// <summary>Whether that user's process is at the other end.</summary>
    public static bool IsOf(Socket socket, uint user)
    {
        using var handle = new SafeFileHandle(socket.Handle, ownsHandle: false);
        return new UnixSocket(handle).Peer.Uid == user;
    }

    /// <summary>With the directory of all machines, when it was the last.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        if (Path.GetDirectoryName(folder) is { } all && Directory.Exists(all) && !Directory.EnumerateFileSystemEntries(all).Any()) Directory.Delete(all);
    }
}
