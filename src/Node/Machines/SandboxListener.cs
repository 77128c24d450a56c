using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Node.Machines;

/// <summary>
/// A socket that what runs in a machine's sandbox connects to: alone in a directory, which the sandbox sees, read only, so that it finds there the socket of a later daemon too.
/// It is the sandbox that connects, so that nothing it could put in the place of a file of its own is ever opened by us.
/// </summary>
internal sealed class SandboxListener : IDisposable
{
    private readonly UnixSocket _bound;
    private readonly Socket _listener;
    private readonly uint _user;

    /// <param name="folder">In one that only root enters. What was there from a daemon before is replaced.</param>
    /// <param name="user">The sandbox's: nobody else can connect.</param>
    public SandboxListener(string folder, string name, uint user)
    {
        _user = user;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        var path = Path.Combine(folder, name);
        File.Delete(path);
        _bound = UnixSocket.Listen(path, backlog: 1);
        using var socket = PathDescriptor.Open(null, path, OpenFlags.Path);
        FileAt.ChangeOwner(socket, "", user, user);
        _listener = new Socket(new SafeSocketHandle(_bound.Handle.DangerousGetHandle(), ownsHandle: false));
    }

    /// <summary>The next connection; the caller owns it.</summary>
    public Task<Socket> AcceptAsync(CancellationToken cancel) => _listener.AcceptAsync(cancel).AsTask();

    /// <summary>The next connection of the sandbox's own user; the caller owns it. Others are closed.</summary>
    public async Task<Socket> AcceptOwnAsync(CancellationToken cancel)
    {
        while (true)
        {
            var socket = await AcceptAsync(cancel);
            if (IsOwn(socket)) return socket;
            socket.Dispose();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _bound.Dispose();
    }

    private bool IsOwn(Socket socket)
    {
        using var handle = new SafeFileHandle(socket.Handle, ownsHandle: false);
        return new UnixSocket(handle).Peer.Uid == _user;
    }
}
