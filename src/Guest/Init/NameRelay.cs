using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Init;

/// <summary>Answers at the address where containers find their engine's name server, with what the monitor's side says: it stands beside that server.</summary>
internal sealed class NameRelay : IDisposable
{
    public const string Address = "127.0.0.11";

    private const ushort Port = 53;
    private const int DatagramMax = 4096, AskersMax = 1024;

    private readonly FrameStream _wire;
    private readonly DatagramSocket _socket = new();
    // A question that was never answered gives its place to a later one.
    private readonly DatagramAddress[] _askers = new DatagramAddress[AskersMax];

    public NameRelay(FrameStream wire)
    {
        _wire = wire;
        _socket.Bind(DatagramAddress.Loopback(0, 0, 11, Port));
        Threads.Start(Listen);
    }

    public void Answer(uint question, byte[] message)
    {
        var asker = _askers[question % AskersMax];
        if (asker.Port != 0) _socket.Send(message, asker);
    }

    public void Dispose() => _socket.Dispose();

    private void Listen()
    {
        var buffer = new byte[DatagramMax];
        for (uint question = 0; ; question++)
        {
            var length = _socket.Receive(buffer, out var asker);
            _askers[question % AskersMax] = asker;
            _wire.Send(FrameKind.Question, question, buffer.AsSpan(0, length));
        }
    }
}
