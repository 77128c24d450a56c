using System.Net;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Tests.Node.Networks;

public sealed class AddressPoolTests
{
    [Fact]
    public void IPv6_addresses_are_given_in_order_from_behind_the_gateway()
    {
        var pool = new AddressPool("n", IPNetwork.Parse("fd00::/64"), null, [IPAddress.Parse("fd00::1")]);
        Assert.Equal("fd00::2", pool.Take().ToString());
        Assert.Equal("fd00::ffff:1", pool.Take(IPAddress.Parse("fd00::ffff:1")).ToString());
        Assert.Equal("fd00::3", pool.Take().ToString());
        pool.Release(IPAddress.Parse("fd00::2"));
        Assert.Equal("fd00::2", pool.Take().ToString());
        var small = new AddressPool("n", IPNetwork.Parse("fd00::/126"), null, [IPAddress.Parse("fd00::1")]);
        Assert.Equal(["fd00::2", "fd00::3"], new[] { small.Take(), small.Take() }.Select(address => address.ToString()));
        Assert.Contains("no available IPv6 addresses", Assert.Throws<EngineException>(() => small.Take()).Message);
    }

    private static readonly IPAddress s_gateway = IPAddress.Parse("10.0.0.1");

    [Fact]
    public void The_lowest_free_address_is_taken_and_neither_gateway_nor_broadcast_nor_network_ever()
    {
        var pool = new AddressPool("n", IPNetwork.Parse("10.0.0.0/29"), null, [s_gateway]);
        Assert.Equal(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"], Enumerable.Range(0, 5).Select(_ => pool.Take().ToString()));
        Assert.Throws<EngineException>(() => pool.Take());
        pool.Release(IPAddress.Parse("10.0.0.4"));
        Assert.Equal("10.0.0.4", pool.Take().ToString());
    }

    [Fact]
    public void An_address_is_given_only_once_though_asked_for_by_name()
    {
        var pool = new AddressPool("n", IPNetwork.Parse("10.0.0.0/24"), null, [s_gateway]);
        pool.Take(IPAddress.Parse("10.0.0.2"));
        Assert.Throws<EngineException>(() => pool.Take(IPAddress.Parse("10.0.0.2")));
        Assert.Throws<EngineException>(() => pool.Take(s_gateway));
        Assert.Throws<EngineException>(() => pool.Take(IPAddress.Parse("10.0.1.2")));
        Assert.Equal("10.0.0.3", pool.Take().ToString());
    }

    [Fact]
    public void Picked_addresses_are_within_the_range_and_any_of_the_subnet_may_be_asked_for()
    {
        var pool = new AddressPool("n", IPNetwork.Parse("10.0.0.0/24"), IPNetwork.Parse("10.0.0.128/30"), [s_gateway]);
        Assert.Equal("10.0.0.128", pool.Take().ToString());
        pool.Take(IPAddress.Parse("10.0.0.9"));
        Assert.Equal(["10.0.0.129", "10.0.0.130", "10.0.0.131"], Enumerable.Range(0, 3).Select(_ => pool.Take().ToString()));
        Assert.Throws<EngineException>(() => pool.Take());
    }

    [Fact]
    public void A_released_address_outside_the_range_does_not_move_it()
    {
        var pool = new AddressPool("n", IPNetwork.Parse("10.0.0.0/24"), IPNetwork.Parse("10.0.0.128/30"), [s_gateway]);
        var outside = pool.Take(IPAddress.Parse("10.0.0.9"));
        pool.Release(outside);
        Assert.Equal("10.0.0.128", pool.Take().ToString());
    }
}

public sealed class SubnetPoolTests
{
    [Fact]
    public void An_IPv6_subnet_is_unique_local_and_another_owner_has_others()
    {
        var first = SubnetPool.PickIpv6([], "one");
        var second = SubnetPool.PickIpv6([first], "one");
        Assert.Equal((64, 0xfd), (first.PrefixLength, first.BaseAddress.GetAddressBytes()[0]));
        Assert.Equal(first.BaseAddress.GetAddressBytes()[..6], second.BaseAddress.GetAddressBytes()[..6]);
        Assert.NotEqual(first, second);
        Assert.NotEqual(first.BaseAddress.GetAddressBytes()[..6], SubnetPool.PickIpv6([], "two").BaseAddress.GetAddressBytes()[..6]);
    }

    [Fact]
    public void The_first_subnet_that_overlaps_nothing_is_picked()
    {
        Assert.Equal("172.17.0.0/16", SubnetPool.Pick([]).ToString());
        Assert.Equal("172.19.0.0/16", SubnetPool.Pick([IPNetwork.Parse("172.17.3.0/24"), IPNetwork.Parse("172.18.0.0/16")]).ToString());
        Assert.Equal("192.168.0.0/20", SubnetPool.Pick([IPNetwork.Parse("172.16.0.0/12")]).ToString());
    }

    [Fact]
    public void When_all_are_taken_it_says_so() =>
        Assert.Equal("all predefined address pools have been fully subnetted", Assert.Throws<EngineException>(() => SubnetPool.Pick([IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16")])).Message);
}
