using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;
using Yun.Linux.Nftables;

namespace Yun.Node.Networks;

/// <summary>What a machine's interface is told by DHCP.</summary>
/// <param name="HardwareAddress">The machine's own: nobody else behind the interface is answered.</param>
/// <param name="Server">The network's gateway, which the machine takes for its server of addresses and of names.</param>
/// <param name="IsGateway">It leads outside.</param>
internal sealed record GuestLease(byte[] HardwareAddress, IPAddress Address, int PrefixLength, IPAddress Server, bool IsGateway, string Hostname, string Domain, int Mtu);

/// <summary>
/// DHCP (RFC 2131) and DNS for one interface of a virtual machine whose system nobody has told its address. There is no address of ours in the machine's
/// namespace, so frames are read from the machine's end and answered there, as if the network's gateway had; a rule keeps the questions from going further.
/// </summary>
internal sealed class GuestService : IDisposable
{
    private const int FrameBytesMax = 2048, EthernetBytes = 14, UdpBytes = 8, QueriesAtOnceMax = 32;
    private const ushort DnsPort = 53, DhcpServerPort = 67;

    private readonly GuestLease _lease;
    private readonly DnsResponder _names;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _places = new(QueriesAtOnceMax);

    private GuestService(GuestLease lease, DnsResponder names, Socket socket) => (_lease, _names, _socket) = (lease, names, socket);

    internal Task Serving { get; private set; } = Task.CompletedTask;

    /// <param name="tap">The interface in the namespace whose other end is the machine.</param>
    public static GuestService Start(SafeFileHandle space, string tap, int index, GuestLease lease, NetworkController.ContainerNames names)
    {
        NftablesLibrary.Run(space,
            $$"""
            add table netdev yun-{{tap}}
            delete table netdev yun-{{tap}}
            table netdev yun-{{tap}} {
                chain ingress {
                    type filter hook ingress device "{{tap}}" priority 0; policy accept;
                    udp dport {{DhcpServerPort}} drop
                    ip daddr {{lease.Server}} udp dport {{DnsPort}} drop
                }
            }

            """);
        var service = new GuestService(lease, new DnsResponder(names), PacketSocket.OpenForDatagrams(space, index, DnsPort, DhcpServerPort));
        service.Serving = service.ServeAsync();
        return service;
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _socket.Dispose();
    }

    private async Task ServeAsync()
    {
        var buffer = new byte[FrameBytesMax];
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token);
                Take(buffer.AsSpan(0, length));
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException) { return; }
            // The interface goes down with the machine, and comes up with it.
            catch (SocketException) { await Task.Delay(20, CancellationToken.None); }
        }
    }

    // Let through by the filter: UDP over IPv4, in one piece, to one of the two ports.
    private void Take(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes + 20 || !frame.Slice(6, 6).SequenceEqual(_lease.HardwareAddress)) return;
        var packet = frame[EthernetBytes..];
        var header = (packet[0] & 15) * 4;
        if (header < 20 || packet.Length < header + UdpBytes) return;
        var (from, to) = (new IPAddress(packet.Slice(12, 4)), new IPAddress(packet.Slice(16, 4)));
        var datagram = packet[header..];
        var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(datagram[4..]), datagram.Length) - UdpBytes;
        if (length <= 0) return;
        var port = BinaryPrimitives.ReadUInt16BigEndian(datagram);
        var content = datagram.Slice(UdpBytes, length);
        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) == DhcpServerPort)
        {
            if (DhcpAnswer.Of(content, _lease) is { } answer) Send(answer.Content, DhcpServerPort, answer.To, DhcpAnswer.ClientPort, frame.Slice(6, 6));
        }
        else if (to.Equals(_lease.Server) && _places.Wait(0, CancellationToken.None)) Answer(content.ToArray(), from, port, frame.Slice(6, 6).ToArray());
    }

    // Ends with the answer, a few seconds later at most; the places bound how many there are.
    private async void Answer(byte[] query, IPAddress asker, ushort port, byte[] hardware)
    {
        try
        {
            if (DnsQuestion.Parse(query) is not { } question) return;
            var answer = _names.AnswerHere(query, question) ?? await _names.AnswerOfOthersAsync(query, question, ProtocolType.Udp, _stopping.Token);
            Send(answer, DnsPort, asker, port, hardware);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException) { }
        finally { _places.Release(); }
    }

    private void Send(ReadOnlySpan<byte> content, ushort fromPort, IPAddress to, ushort port, ReadOnlySpan<byte> hardware)
    {
        const int ipBytes = 20;
        var frame = new byte[EthernetBytes + ipBytes + UdpBytes + content.Length];
        // One bit away from the machine's own: nobody else has it.
        hardware.CopyTo(frame);
        hardware.CopyTo(frame.AsSpan(6));
        frame[6] ^= 8;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        var packet = frame.AsSpan(EthernetBytes);
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(frame.Length - EthernetBytes));
        packet[8] = 64;
        packet[9] = 17;
        _lease.Server.TryWriteBytes(packet[12..], out _);
        to.TryWriteBytes(packet[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], Checksum(packet[..ipBytes]));
        // Over IPv4 a datagram may come without a check sum.
        var datagram = packet[ipBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, fromPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], port);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[4..], (ushort)(UdpBytes + content.Length));
        content.CopyTo(datagram[UdpBytes..]);
        try { _socket.Send(frame); }
        // Too long for the interface, or the machine is gone: datagrams get lost.
        catch (Exception lost) when (lost is SocketException or ObjectDisposedException) { }
    }

    private static ushort Checksum(ReadOnlySpan<byte> header)
    {
        var sum = 0u;
        for (var i = 0; i < header.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
