using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>
/// Tells the engine, a line each, whether the machine's first process runs (<c>started</c>, or <c>failed CODE MESSAGE</c>), and what happens to the machine
/// (<c>event NAME MILLISECONDS CAUSE</c>). While the engine is away lines wait for the next one.
/// </summary>
internal sealed class EngineReport
{
    private const string SocketPath = "/vm/report/report.sock";
    private const int WaitingMax = 64;

    private static readonly TimeSpan s_tryAgain = TimeSpan.FromSeconds(1), s_lastMax = TimeSpan.FromSeconds(2);

    private readonly Queue<string> _waiting = new();
    private UnixSocket? _socket;

    public EngineReport()
    {
        _socket = Connect();
        Threads.Start(SayWaiting);
    }

    public void Started() => Say("started\n");

    public void Failed(int code, string message) => Say($"failed {code} {message.ReplaceLineEndings(" ")}\n");

    public void Happened(string name, string cause) => Say($"event {name} {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()} {cause.ReplaceLineEndings(" ")}\n");

    /// <summary>As <see cref="Happened"/>; while one such waits for an engine that is away, it is not told again, so that there is room for others.</summary>
    public void HappensOften(string name, string cause)
    {
        lock (_waiting)
        {
            foreach (var line in _waiting)
                if (line.StartsWith($"event {name} ", StringComparison.Ordinal)) return;
            Happened(name, cause);
        }
    }

    /// <summary>Before this process ends: waits a little for an engine that is away.</summary>
    public void Finish()
    {
        lock (_waiting)
        {
            if (_waiting.Count > 0) Monitor.Wait(_waiting, s_lastMax);
            _socket?.Dispose();
        }
    }

    private void Say(string line)
    {
        lock (_waiting)
        {
            if (_waiting.Count < WaitingMax) _waiting.Enqueue(line);
            SayAll();
        }
    }

    private void SayWaiting()
    {
        for (; ; Thread.Sleep(s_tryAgain))
            lock (_waiting)
            {
                if (_waiting.Count == 0) continue;
                SayAll();
                if (_waiting.Count == 0) Monitor.PulseAll(_waiting);
            }
    }

    private void SayAll()
    {
        while (_waiting.TryPeek(out var line))
        {
            _socket ??= Connect();
            if (_socket is null) return;
            try
            {
                Pipe.WriteAll(_socket.Handle, Encoding.UTF8.GetBytes(line));
                _waiting.Dequeue();
            }
            catch (SyscallException)
            {
                _socket.Dispose();
                _socket = null;
                if (!Files.Exists(SocketPath)) return;
            }
        }
    }

    private static UnixSocket? Connect()
    {
        try
        {
            var socket = UnixSocket.Connect(SocketPath);
            socket.SetSendTimeout(s_lastMax);
            return socket;
        }
        catch (SyscallException) { return null; }
    }
}
