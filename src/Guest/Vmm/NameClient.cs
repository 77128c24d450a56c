using System.Buffers.Binary;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>Asks the engine's name server, which listens in our network namespace, what the guest's programs ask.</summary>
internal sealed class NameClient : IDisposable
{
    private const int DatagramMax = 4096, HeaderBytes = 12;

    private static readonly DatagramAddress s_server = DatagramAddress.Loopback(0, 0, 11, 53);

    private readonly FrameStream _wire;
    private readonly DatagramSocket _socket = new();
    // By the number under which we ask; two programs may have chosen the same one.
    private readonly (uint Question, ushort Id, bool Waits)[] _asked = new (uint, ushort, bool)[1 << 16];
    private ushort _next;

    public NameClient(FrameStream wire)
    {
        _wire = wire;
        _socket.Bind(DatagramAddress.Loopback(0, 0, 1, 0));
        Threads.Start(Listen);
    }

    public void Ask(uint question, byte[] message)
    {
        if (message.Length < HeaderBytes) return;
        ushort number;
        lock (_asked)
        {
            number = _next++;
            _asked[number] = (question, BinaryPrimitives.ReadUInt16BigEndian(message), true);
        }
        BinaryPrimitives.WriteUInt16BigEndian(message, number);
        _socket.Send(message, s_server);
    }

    public void Dispose() => _socket.Dispose();

    private void Listen()
    {
        var buffer = new byte[DatagramMax];
        while (true)
        {
            int length;
            DatagramAddress sender;
            try { length = _socket.Receive(buffer, out sender); }
            // Nobody listens there at the moment.
            catch (SyscallException) { continue; }
            if (sender != s_server || length < HeaderBytes) continue;
            var answer = buffer.AsSpan(0, length);
            (uint Question, ushort Id, bool Waits) asked;
            lock (_asked)
            {
                ref var place = ref _asked[BinaryPrimitives.ReadUInt16BigEndian(answer)];
                (asked, place.Waits) = (place, false);
            }
            if (!asked.Waits) continue;
            BinaryPrimitives.WriteUInt16BigEndian(answer, asked.Id);
            _wire.Send(FrameKind.Answer, asked.Question, answer);
        }
    }
}
