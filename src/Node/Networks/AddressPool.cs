using System.Buffers.Binary;
using System.Net;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>The IPv4 addresses of one network. Not for several threads at once.</summary>
public sealed class AddressPool
{
    private readonly HashSet<uint> _taken = [];
    private readonly string _network;
    private readonly uint _first, _last;
    // No address below this one is free.
    private uint _lowest;

    /// <param name="range">Where addresses are picked from; all of the subnet may be asked for by name.</param>
    /// <param name="reserved">Never given out: the gateway, auxiliary addresses.</param>
    public AddressPool(string network, IPNetwork subnet, IPNetwork? range, IEnumerable<IPAddress> reserved)
    {
        _network = network;
        Subnet = subnet;
        var (subnetFirst, subnetLast) = Bounds(subnet);
        var (first, last) = Bounds(range ?? subnet);
        // The first address is the network, the last the broadcast; a /31 or /32 has neither.
        if (subnet.PrefixLength < 31) (first, last) = (Math.Max(first, subnetFirst + 1), Math.Min(last, subnetLast - 1));
        (_first, _last, _lowest) = (first, last, first);
        foreach (var address in reserved) _taken.Add(ToNumber(address));
    }

    public IPNetwork Subnet { get; }

    /// <summary>The lowest free address.</summary>
    public IPAddress Take()
    {
        for (var address = _lowest; address >= _first && address <= _last; address++)
        {
            if (!_taken.Add(address)) continue;
            _lowest = address + 1;
            return FromNumber(address);
        }
        throw new EngineException(ErrorKind.Conflict, $"no available IPv4 addresses on this network's address pools: {_network} ({Subnet})");
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

    internal static (uint First, uint Last) Bounds(IPNetwork network)
    {
        var first = ToNumber(network.BaseAddress);
        return (first, first | (network.PrefixLength == 0 ? uint.MaxValue : (uint)((1UL << (32 - network.PrefixLength)) - 1)));
    }

    internal static uint ToNumber(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    internal static IPAddress FromNumber(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
