using System.Net;
using System.Net.Sockets;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>
/// The host's ports that lead to containers. Each TCP and UDP port is held by a socket of ours, so that no other program takes it and one that has it is noticed;
/// what the firewall does not translate arrives at that socket and is relayed.
/// </summary>
internal sealed class PortTable
{
    // Linux's own default for outgoing connections, from which Docker too takes the ports that nobody chose.
    private const ushort EphemeralFirst = 32768, EphemeralLast = 60999;

    private readonly Lock _turn = new();
    private readonly Dictionary<(string Protocol, ushort Port), List<IPAddress>> _taken = [];
    private ushort _nextEphemeral = EphemeralFirst;

    /// <summary>No port is translated.</summary>
    internal bool RelaysAll { get; init; }

    internal static bool HostHasIpv6 { get; } = Socket.OSSupportsIPv6 && IsIpv6Enabled();

    /// <summary>Takes a port as it was asked for.</summary>
    /// <param name="unsaidAddress">Where ports go that name no address; null is all, of both families.</param>
    internal PortLease Take(string protocol, ushort containerPort, PortBinding wanted, string? unsaidAddress, PortTargets targets)
    {
        var addresses = AddressesOf(wanted, unsaidAddress);
        var (first, last) = ParsePorts(wanted.HostPort);
        EngineException? refusal = null;
        var count = last - first + 1;
        for (var attempt = 0; attempt < count; attempt++)
        {
            var port = first == EphemeralFirst && last == EphemeralLast ? NextEphemeral() : (ushort)(first + attempt);
            var lease = new PortLease(this);
            try
            {
                foreach (var address in addresses) lease.Add(new PublishedPort(protocol, containerPort, address.ToString(), port), targets);
                return lease;
            }
            catch (EngineException error) { refusal = error; lease.Dispose(); }
        }
        throw refusal!;
    }

    /// <summary>Takes again what a container that runs already has.</summary>
    internal PortLease TakeAgain(IEnumerable<PublishedPort> ports, PortTargets targets)
    {
        var lease = new PortLease(this);
        foreach (var port in ports) lease.Add(port, targets);
        return lease;
    }

    internal void Claim(PublishedPort port)
    {
        var address = IPAddress.Parse(port.HostAddress);
        lock (_turn)
        {
            if (!_taken.TryGetValue((port.Protocol, port.HostPort), out var holders)) _taken[(port.Protocol, port.HostPort)] = holders = [];
            if (holders.Any(holder => Collide(holder, address)))
                throw new EngineException(ErrorKind.Internal, $"Bind for {Text(address)}:{port.HostPort} failed: port is already allocated");
            holders.Add(address);
        }
    }

    internal void Release(PublishedPort port)
    {
        lock (_turn)
        {
            if (!_taken.TryGetValue((port.Protocol, port.HostPort), out var holders)) return;
            holders.Remove(IPAddress.Parse(port.HostAddress));
            if (holders.Count == 0) _taken.Remove((port.Protocol, port.HostPort));
        }
    }

    private ushort NextEphemeral()
    {
        lock (_turn)
        {
            var port = _nextEphemeral;
            _nextEphemeral = port == EphemeralLast ? EphemeralFirst : (ushort)(port + 1);
            return port;
        }
    }

    private static IPAddress[] AddressesOf(PortBinding wanted, string? unsaidAddress)
    {
        var text = wanted.HostIp is { Length: > 0 } asked ? asked : unsaidAddress;
        if (text is null) return HostHasIpv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];
        return IPAddress.TryParse(text.Trim('[', ']'), out var address) ? [address] : throw new EngineException(ErrorKind.InvalidArgument, $"invalid IP address: {text}");
    }

    internal static (ushort First, ushort Last) ParsePorts(string? text)
    {
        if (text is null or "" or "0") return (EphemeralFirst, EphemeralLast);
        var parts = text.Split('-');
        if (parts.Length <= 2 && ushort.TryParse(parts[0], out var first) && ushort.TryParse(parts[^1], out var last) && first <= last) return (first, last);
        throw new EngineException(ErrorKind.InvalidArgument, $"invalid port specification: \"{text}\"");
    }

    private static bool Collide(IPAddress one, IPAddress other) =>
        one.AddressFamily == other.AddressFamily && (one.Equals(other) || IsAny(one) || IsAny(other));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    internal static string Text(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private static bool IsIpv6Enabled()
    {
        const string Switch = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
        return File.Exists(Switch) && File.ReadAllText(Switch).Trim() == "0";
    }
}
