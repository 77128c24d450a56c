using System.Net;
using System.Net.NetworkInformation;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Oci;
using Yun.Runtime.Compile;

namespace Yun.Tests.Runtime;

/// <summary><c>linux.netDevices</c>: devices of the host that become the container's.</summary>
public sealed class NetworkDeviceTests : IDisposable
{
    private readonly BusyboxBundle _bundle = new();
    private readonly string _name = $"ytd{Random.Shared.Next(0x10000):x4}";

    private string Peer => _name + "p";

    public NetworkDeviceTests()
    {
        using var route = new RouteSocket();
        using var own = PathDescriptor.Open(null, "/proc/self/ns/net", OpenFlags.ReadOnly);
        route.Execute(new RouteRequest().AddVeth(_name, Peer, own, new PhysicalAddress([2, 0, 0, 0, 0, 1]), 1400, master: 0));
        var index = route.FindLink(_name)!.Index;
        route.Execute(new RouteRequest().AddAddress(index, IPAddress.Parse("192.0.2.7"), 24).AddAddress(index, IPAddress.Parse("2001:db8::7"), 64).SetUp(Peer));
    }

    public void Dispose()
    {
        _bundle.Dispose();
        using var route = new RouteSocket();
        if (route.FindLink(Peer) is not null) route.Execute(new RouteRequest().DeleteLink(Peer));
    }

    private bool IsHere(string name)
    {
        using var route = new RouteSocket();
        return route.FindLink(name) is not null;
    }

    private RuntimeSpec Spec(string script, Dictionary<string, SpecNetDevice> devices)
    {
        var spec = _bundle.Spec("sh", "-c", script);
        spec.Linux!.NetDevices = devices;
        return spec;
    }

    [Theory, InlineData(false), InlineData(true)]
    public void They_are_moved_and_renamed_with_addresses_and_size_and_set_up(bool inUserNamespace)
    {
        var spec = Spec("ip -o addr show dev moved | grep -v ' fe80' | awk '{ print $4 }'; cat /sys/class/net/moved/mtu /sys/class/net/moved/carrier; ip -o link show | wc -l", new() { [_name] = new() { Name = "moved" } });
        if (inUserNamespace) Namespaces.WithUser(spec);
        // A parameter of the device is there when parameters are set.
        spec.Linux!.Sysctl = new() { ["net/ipv4/conf/moved/forwarding"] = "1" };
        Assert.Equal("192.0.2.7/24\n2001:db8::7/64\n1400\n1\n2\n", _bundle.Run(spec).Output);
        // What is no hardware ends with the namespace.
        for (var tries = 0; IsHere(Peer) && tries < 100; tries++) Thread.Sleep(20);
        Assert.False(IsHere(_name) || IsHere(Peer));
    }

    [Fact]
    public void One_keeps_its_name_where_none_is_given() =>
        Assert.Equal("0\n", _bundle.Run(Spec($"ls -d /sys/class/net/{_name} >/dev/null; echo $?", new() { [_name] = new() })).Output);

    [Fact]
    public void What_cannot_be_is_said_and_all_stay_where_they_were()
    {
        foreach (var (devices, message) in (ReadOnlySpan<(Dictionary<string, SpecNetDevice>, string)>)
        [
            (new() { [_name] = new(), ["nosuchdevice"] = new() }, "nosuchdevice"), (new() { [_name] = new() { Name = "lo" } }, $"{_name} to lo"),
            (new() { [_name] = new() { Name = "same" }, [Peer] = new() { Name = "same" } }, $"{Peer} to same"), (new() { [_name] = new() { Name = "a/b" } }, "'a/b' is not the name of a network device"),
        ])
        {
            var error = Assert.Throws<SpecException>(() => _bundle.Launch(Spec("true", devices)));
            Assert.StartsWith("linux.netDevices", error.Field, StringComparison.Ordinal);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
            Assert.True(IsHere(_name) && IsHere(Peer));
        }
        var host = Spec("true", new() { [_name] = new() });
        host.Linux!.Namespaces!.RemoveAll(n => n.Type == "network");
        Assert.Contains("needs a network namespace", Assert.Throws<SpecException>(() => _bundle.Launch(host)).Message, StringComparison.Ordinal);
        Assert.True(IsHere(_name));
    }

    [Fact]
    public void One_goes_into_a_namespace_that_is_joined_by_path()
    {
        using var first = _bundle.Launch(_bundle.Spec("sleep", "1000"));
        try
        {
            var spec = Spec("ls /sys/class/net/joined/mtu", new() { [_name] = new() { Name = "joined" } });
            spec.Linux!.Namespaces!.Find(n => n.Type == "network")!.Path = $"/proc/{first.Pid}/ns/net";
            Assert.Equal("/sys/class/net/joined/mtu\n", _bundle.Run(spec).Output);
            Assert.Contains("joined", File.ReadAllText($"/proc/{first.Pid}/net/dev"), StringComparison.Ordinal);
        }
        finally
        {
            ProcessDescriptor.Signal(first.PidFd, 9);
            ProcessDescriptor.Wait(first.PidFd);
        }
    }
}
