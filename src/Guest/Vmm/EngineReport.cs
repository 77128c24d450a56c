using System.Text;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>Tells the engine, once, whether the machine's first process runs: a line <c>started</c>, or <c>failed CODE MESSAGE</c>.</summary>
internal sealed class EngineReport
{
    private const string SocketPath = "/vm/report.sock";

    private readonly UnixSocket? _socket;

    public EngineReport()
    {
        try { _socket = UnixSocket.Connect(SocketPath); }
        // The engine was restarted meanwhile and learns of an end as of any other's.
        catch (SyscallException) { }
    }

    public void Started() => Say("started\n");

    public void Failed(int code, string message) => Say($"failed {code} {message.ReplaceLineEndings(" ")}\n");

    private void Say(string line)
    {
        if (_socket is null) return;
        try { Pipe.WriteAll(_socket.Handle, Encoding.UTF8.GetBytes(line)); }
        catch (SyscallException) { }
        _socket.Dispose();
    }
}
