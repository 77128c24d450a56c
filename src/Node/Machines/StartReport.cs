using System.Net.Sockets;
using System.Text;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>Waits for what a machine's monitor says of its start. What it says comes from a sandbox that holds a stranger's machine, so little of it is read, and only once.</summary>
internal sealed class StartReport : IDisposable
{
    private const int BytesMax = 4096;

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <param name="path">In a directory that only root enters; the machine's user sees it by a mount.</param>
    public StartReport(string path, uint user)
    {
        Path = path;
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        using var socket = PathDescriptor.Open(null, path, OpenFlags.Path);
        FileAt.ChangeOwner(socket, "", user, user);
    }

    public string Path { get; }

    /// <summary>Returns when the machine's first process runs.</summary>
    /// <exception cref="EngineException">It does not, and why.</exception>
    public async Task WaitAsync(CancellationToken cancel)
    {
        using var monitor = await _listener.AcceptAsync(cancel);
        var bytes = new byte[BytesMax];
        var length = 0;
        for (int read; length < BytesMax && (read = await monitor.ReceiveAsync(bytes.AsMemory(length), cancel)) > 0;) length += read;
        var line = Encoding.UTF8.GetString(bytes, 0, length).Trim();
        if (line == "started") return;
        throw new EngineException(ErrorKind.Internal, line.Split(' ', 3) is ["failed", _, var message] ? message : "the virtual machine ended before it had said how its start went");
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(Path);
    }
}
