using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>
/// Moves network devices of this network namespace into another, under other names if wanted, with their lasting addresses, and sets them up. By messages as the kernel
/// has them, without .NET's types for addresses, which the runtime is too small for.
/// </summary>
public static class DeviceMove
{
    private const byte ScopeUniverse = 0;
    private const int AddressFlags = 8;
    private const uint Permanent = 0x80;

    private sealed record Moved(string Name, string NewName, int Index, bool WasUp, List<byte[]> Addresses);

    /// <param name="target">The other namespace.</param>
    /// <param name="devices">Names here and there.</param>
    /// <exception cref="SyscallException">What could not be done, of which device: ENODEV, it is not here; EEXIST, its name is taken there. All are then where they were.</exception>
    public static void Move(SafeFileHandle target, IReadOnlyList<(string Name, string NewName)> devices)
    {
        using var home = PathDescriptor.Open(null, "/proc/thread-self/ns/net", OpenFlags.ReadOnly);
        using var here = new NetlinkSocket(NetlinkFamily.Route);
        using var there = OpenIn(target, home);
        var wanted = new HashSet<string>();
        foreach (var (name, newName) in devices)
        {
            if (Find(here, name) is null) throw new SyscallException("find network device", Errno.ENODEV, name);
            if (!wanted.Add(newName) || Find(there, newName) is not null) throw new SyscallException("rename network device", Errno.EEXIST, $"{name} to {newName}");
        }
        var moved = new List<Moved>();
        try
        {
            foreach (var (name, newName) in devices)
            {
                var (index, isUp) = Find(here, name) ?? throw new SyscallException("find network device", Errno.ENODEV, name);
                var addresses = Addresses(here, index);
                Send(here, index, target, newName);
                moved.Add(new Moved(name, newName, index, isUp, addresses));
                SetUp(there, newName, addresses);
            }
        }
        catch
        {
            for (var i = moved.Count - 1; i >= 0; i--) Return(there, here, home, moved[i]);
            throw;
        }
    }

    private static void Return(NetlinkSocket there, NetlinkSocket here, SafeFileHandle home, Moved device)
    {
        try
        {
            if (Find(there, device.NewName) is var (index, _)) Send(there, index, home, device.Name);
            if (device.WasUp) SetUp(here, device.Name, device.Addresses);
        }
        catch (SyscallException) { /* The first failure is the one to be told of. */ }
    }

    // A socket acts on the namespace that it was made in.
    private static NetlinkSocket OpenIn(SafeFileHandle target, SafeFileHandle home)
    {
        Namespaces.Join(target, CloneFlags.NewNetwork);
        var socket = NetlinkSocket.OpenRaw(NetlinkFamily.Route);
        var errno = Marshal.GetLastPInvokeError();
        Namespaces.Join(home, CloneFlags.NewNetwork);
        return socket >= 0 ? new NetlinkSocket(new SafeFileHandle(socket, ownsHandle: true)) : throw new SyscallException("socket", (Errno)errno, "netlink");
    }

    private static (int Index, bool IsUp)? Find(NetlinkSocket socket, string name)
    {
        (int, bool)? found = null;
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.GetLink, NetlinkFlags.None, "find network device", name);
        writer.Put(default(LinkHeader));
        writer.Attribute(LinkAttribute.Name, name);
        writer.End();
        try
        {
            socket.Query(request, message =>
            {
                var header = MemoryMarshal.Read<LinkHeader>(message.Body);
                found = (header.Index, (header.Flags & LinkAttribute.Up) != 0);
            });
        }
        catch (SyscallException error) when (error.Errno == Errno.ENODEV) { return null; }
        return found;
    }

    // The kernel does both at once, and takes the device down for it.
    private static void Send(NetlinkSocket socket, int index, SafeFileHandle target, string name)
    {
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "move network device", name);
        writer.Put(new LinkHeader { Index = index });
        writer.Attribute(LinkAttribute.NamespaceDescriptor, (uint)target.DangerousGetHandle());
        writer.Attribute(LinkAttribute.Name, name);
        writer.End();
        socket.Execute(request);
    }

    private static void SetUp(NetlinkSocket socket, string name, List<byte[]> addresses)
    {
        var (index, _) = Find(socket, name) ?? throw new SyscallException("find network device", Errno.ENODEV, name);
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set up network device", name);
        writer.Put(new LinkHeader { Index = index, Flags = LinkAttribute.Up, Change = LinkAttribute.Up });
        writer.End();
        foreach (var address in addresses)
        {
            writer = request.Begin(RouteMessage.NewAddress, NetlinkFlags.Acknowledge | NetlinkFlags.Create | NetlinkFlags.Replace, "give its address to network device", name);
            writer.Put(MemoryMarshal.Read<AddressHeader>(address) with { Index = index, Flags = 0 });
            var attributes = new NetlinkAttributes(address.AsSpan(System.Runtime.CompilerServices.Unsafe.SizeOf<AddressHeader>()));
            while (attributes.Next())
                if (attributes.Type is AddressHeader.Address or AddressHeader.Local or AddressHeader.Broadcast) writer.Attribute(attributes.Type, attributes.Value);
            writer.End();
        }
        socket.Execute(request);
    }

    // Those that somebody gave it and that are valid beyond its link; the others the kernel makes and learns anew.
    private static List<byte[]> Addresses(NetlinkSocket socket, int index)
    {
        var found = new List<byte[]>();
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.GetAddress, NetlinkFlags.Dump, "list addresses");
        writer.Put(default(AddressHeader));
        writer.End();
        socket.Query(request, message =>
        {
            var header = MemoryMarshal.Read<AddressHeader>(message.Body);
            uint flags = header.Flags;
            var attributes = new NetlinkAttributes(message.Body.AsSpan(System.Runtime.CompilerServices.Unsafe.SizeOf<AddressHeader>()));
            while (attributes.Next())
                if (attributes.Type == AddressFlags) flags = attributes.Number;
            if (header.Index == index && header.Scope == ScopeUniverse && (flags & Permanent) != 0) found.Add(message.Body);
        });
        return found;
    }
}
