using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>The addresses of one network, of one family. Not for several threads at once.</summary>
public sealed class AddressPool
{
    private readonly HashSet<UInt128> _taken = [];
    private readonly string _network;
    private readonly UInt128 _first, _last;
    // No address below this one is free.
    private UInt128 _lowest;

    /// <param name="range">Where addresses are picked from; all of the subnet may be asked for by name.</param>
    /// <param name="reserved">Never given out: the gateway, auxiliary addresses.</param>
    public AddressPool(string network, IPNetwork subnet, IPNetwork? range, IEnumerable<IPAddress> reserved)
    {
        _network = network;
        Subnet = subnet;
        var (subnetFirst, subnetLast) = Bounds(subnet);
        var (first, last) = Bounds(range ?? subnet);
        // The first address is the network (in IPv6: any of its routers), in IPv4 the last is the broadcast; where there are but two or one, there is neither.
        if (subnetLast - subnetFirst > 1)
        {
            first = UInt128.Max(first, subnetFirst + 1);
            if (Family == AddressFamily.InterNetwork) last = UInt128.Min(last, subnetLast - 1);
        }
        (_first, _last, _lowest) = (first, last, first);
        foreach (var address in reserved) _taken.Add(ToNumber(address));
    }

    public IPNetwork Subnet { get; }

    private AddressFamily Family => Subnet.BaseAddress.AddressFamily;

    /// <summary>The lowest free address.</summary>
    public IPAddress Take()
    {
        for (var address = _lowest; address >= _first && address <= _last; address++)
        {
            if (!_taken.Add(address)) continue;
            _lowest = address + 1;
            return FromNumber(address, Family);
        }
        throw new EngineException(ErrorKind.Conflict, $"no available {Networks.Subnet.FamilyName(Family)} addresses on this network's address pools: {_network} ({Subnet})");
    }

    public IPAddress Take(IPAddress wanted)
    {
        if (!Subnet.Contains(wanted))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid address {wanted}: It does not belong to any of this network's subnets");
        return _taken.Add(ToNumber(wanted)) ? wanted : throw new EngineException(ErrorKind.Forbidden, "Address already in use");
    }

    public void Release(IPAddress address)
    {
        var number = ToNumber(address);
        if (_taken.Remove(number) && number >= _first && number < _lowest) _lowest = number;
    }

    /// <summary>The address that many places behind the first of a network.</summary>
    internal static IPAddress At(IPNetwork network, UInt128 place) => FromNumber(ToNumber(network.BaseAddress) + place, network.BaseAddress.AddressFamily);

    /// <summary>The network of that length in which an address lies.</summary>
    internal static IPNetwork NetworkOf(IPAddress address, int length)
    {
        var host = address.GetAddressBytes().Length * 8 - length;
        var number = host == 128 ? 0 : ToNumber(address) >> host << host;
        return new IPNetwork(FromNumber(number, address.AddressFamily), length);
    }

    private static (UInt128 First, UInt128 Last) Bounds(IPNetwork network)
    {
        var first = ToNumber(network.BaseAddress);
        var host = network.BaseAddress.GetAddressBytes().Length * 8 - network.PrefixLength;
        return (first, first | (host == 128 ? UInt128.MaxValue : (UInt128.One << host) - 1));
    }

    private static UInt128 ToNumber(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static IPAddress FromNumber(UInt128 number, AddressFamily family)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(family == AddressFamily.InterNetwork ? bytes[12..] : bytes);
    }
}
