using System.Runtime.InteropServices;
using Yun.Linux.Netlink;

namespace Yun.Linux.Nftables;

/// <summary>
/// Elements added to and removed from the sets and maps of one table of the family inet, in one transaction. Own messages and not libnftables: the library first reads the whole
/// ruleset of the machine, which costs more than all the rest of a container's network (docs/decisions).
/// </summary>
public sealed class NftablesBatch
{
    private const int Subsystem = 10, BatchBegin = 16, BatchEnd = 17, NewElement = 12, DeleteElement = 14;
    private const int ListTable = 1, ListSet = 2, ListElements = 3, ElementKey = 1, ElementData = 2, ElementKeyEnd = 10, DataValue = 1, ListItem = 1;
    private const byte FamilyInet = 1;

    private readonly NetlinkRequest _request = new();
    private readonly string _table;

    public NftablesBatch(string table)
    {
        _table = table;
        Header(BatchBegin, NetlinkFlags.None, "begin nftables batch", family: 0, resource: Subsystem).End();
    }

    public bool IsEmpty => _request.Count == 0;

    public NftablesBatch Add(NftablesElement element) =>
        Put(NewElement, NetlinkFlags.Acknowledge | NetlinkFlags.Create, "add element", element, element.Data);

    /// <summary>Data is not looked at.</summary>
    public NftablesBatch Remove(NftablesElement element) =>
        Put(DeleteElement, NetlinkFlags.Acknowledge, "remove element", element, data: null);

    /// <exception cref="SyscallException">None of it was done. ENOENT: the table, a set, or an element to remove is not there.</exception>
    public void Execute()
    {
        if (IsEmpty) return;
        Header(BatchEnd, NetlinkFlags.None, "end nftables batch", family: 0, resource: Subsystem).End();
        using var socket = new NetlinkSocket(NetlinkFamily.Netfilter);
        socket.Execute(_request);
    }

    private NftablesBatch Put(int message, NetlinkFlags flags, string call, NftablesElement element, NftablesFields? data)
    {
        var writer = Header((Subsystem << 8) | message, flags, call, FamilyInet, resource: 0, $"{_table} {element.Set}");
        writer.Attribute(ListTable, _table);
        writer.Attribute(ListSet, element.Set);
        var list = writer.OpenNest(ListElements);
        var item = writer.OpenNest(ListItem);
        PutValue(writer, ElementKey, element.Key.First);
        if (element.Key.IsRange) PutValue(writer, ElementKeyEnd, element.Key.Last);
        if (data is not null) PutValue(writer, ElementData, data.First);
        writer.CloseNest(item);
        writer.CloseNest(list);
        writer.End();
        return this;
    }

    private static void PutValue(NetlinkWriter writer, int attribute, ReadOnlySpan<byte> value)
    {
        var nest = writer.OpenNest(attribute);
        writer.Attribute(DataValue, value);
        writer.CloseNest(nest);
    }

    private NetlinkWriter Header(int type, NetlinkFlags flags, string call, byte family, ushort resource, string? target = null)
    {
        var writer = _request.Begin(type, flags, call, target);
        writer.Put(new NetfilterHeader { Family = family, Resource = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(resource) });
        return writer;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NetfilterHeader
    {
        internal byte Family;
        internal byte Version;
        internal ushort Resource;
    }
}
