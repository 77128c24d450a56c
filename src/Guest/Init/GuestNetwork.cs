using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Yun.Linux;
using Yun.Linux.Netlink;

namespace Yun.Guest.Init;

/// <summary>
/// The machine's interfaces, as the text says that the monitor sends: one a line, <c>NAME MAC ADDRESS/LENGTH,… GATEWAY,… CARD</c>, with - for nothing. The card has
/// that address when it is found: in a machine that goes on from a template, the template's, and if it had to boot after all, its own.
/// </summary>
internal static class GuestNetwork
{
    public static void Raise(string text)
    {
        using var routes = new RouteSocket();
        routes.Execute(new RouteRequest().SetUp("lo"));
        // Addresses are given, not found out.
        TryConfigure("all/accept_ra", "0");
        TryConfigure("default/accept_dad", "0");
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Raise(routes, line.Split(' '));
    }

    private static void Raise(RouteSocket routes, string[] words)
    {
        if (words is not [var name, var mac, var addresses, var gateways, var card]) throw new FormatException($"'{string.Join(' ', words)}' is no interface");
        var link = Find(routes, PhysicalAddress.Parse(card)) ?? Find(routes, PhysicalAddress.Parse(mac)) ?? throw new IOException($"the machine has no network card with the address {card}");
        if (!link.Address.Equals(PhysicalAddress.Parse(mac))) routes.Execute(new RouteRequest().SetHardwareAddress(link.Index, PhysicalAddress.Parse(mac)));
        // Whoever has the name gets another for as long as its turn has not come.
        if (link.Name != name && routes.FindLink(name) is { } other) routes.Execute(new RouteRequest().Rename(other.Index, $"other{other.Index}"));
        if (link.Name != name) routes.Execute(new RouteRequest().Rename(link.Index, name));
        var request = new RouteRequest();
        foreach (var address in List(addresses))
            if (address.Split('/') is [var bare, var length]) request.AddAddress(link.Index, IPAddress.Parse(bare), int.Parse(length));
        request.SetUp(name);
        foreach (var gateway in List(gateways)) request.AddDefaultRoute(IPAddress.Parse(gateway), link.Index);
        routes.Execute(request);
    }

    private static Link? Find(RouteSocket routes, PhysicalAddress mac)
    {
        foreach (var link in routes.Links())
            if (link.Address.Equals(mac)) return link;
        return null;
    }

    private static string[] List(string text) => text == "-" ? [] : text.Split(',');

    private static void TryConfigure(string name, string value)
    {
        try { KernelFile.Write($"/proc/sys/net/ipv6/conf/{name}", value); }
        catch (SyscallException) { /* A kernel without IPv6. */ }
    }
}
