using System.Net;
using Yun.Linux;
using Yun.Linux.Nftables;

namespace Yun.Tests.Linux.Nftables;

/// <summary>In a table of its own without hooks, so that no packet meets it.</summary>
[Collection("host network")]
public sealed class NftablesTests : IDisposable
{
    private const string Table = "yuntest-elements";

    public NftablesTests()
    {
        if (Environment.UserName != "root") Assert.Skip("needs root, to change nftables");
        NftablesLibrary.Run($$"""
            add table inet {{Table}}
            add map inet {{Table}} ports { type inet_proto . inet_service : ipv4_addr . inet_service; }
            add set inet {{Table}} pairs { type ifname . ifname; }
            add set inet {{Table}} within { type ipv4_addr . ifname; flags interval; }

            """);
    }

    public void Dispose() => NftablesLibrary.Run($"add table inet {Table}\ndelete table inet {Table}\n");

    [Fact]
    public void Elements_are_in_the_kernel_what_nft_would_have_made_of_their_text()
    {
        var port = new NftablesElement("ports", new NftablesFields().Protocol(6).Port(8000), new NftablesFields().Address(IPAddress.Parse("10.0.0.2")).Port(80));
        var pair = new NftablesElement("pairs", new NftablesFields().Interface("a-name-15-chars").Interface("b"));
        var within = new NftablesElement("within", new NftablesFields().Network(IPNetwork.Parse("10.1.0.0/20")).Interface("b"));
        new NftablesBatch(Table).Add(port).Add(pair).Add(within).Execute();
        var ours = List();
        NftablesLibrary.Run(string.Concat(new[] { port, pair, within }.Select(element => $"delete element inet {Table} {element.Set} {{ {element.Key} }}\n")));
        NftablesLibrary.Run(string.Concat(new[] { port, pair, within }.Select(element => $"add element inet {Table} {element.Set} {{ {element} }}\n")));
        Assert.Equal(List(), ours);
        Assert.Contains("8000", ours);
        new NftablesBatch(Table).Remove(port).Remove(pair).Remove(within).Execute();
        Assert.DoesNotContain("8000", List());
        Assert.DoesNotContain("10.1.0.0", List());
    }

    [Fact]
    public void A_batch_is_done_wholly_or_not_at_all()
    {
        var good = new NftablesElement("pairs", new NftablesFields().Interface("a").Interface("b"));
        var missing = new NftablesElement("pairs", new NftablesFields().Interface("x").Interface("y"));
        var error = Assert.Throws<SyscallException>(() => new NftablesBatch(Table).Add(good).Remove(missing).Execute());
        Assert.Equal(("remove element", Errno.ENOENT), (error.Call, error.Errno));
        Assert.DoesNotContain("\"a\"", List());
        Assert.Equal(Errno.ENOENT, Assert.Throws<SyscallException>(() => new NftablesBatch("yuntest-nowhere").Add(good).Execute()).Errno);
    }

    [Fact]
    public void What_nft_refuses_it_says() =>
        Assert.Contains("syntax error", Assert.Throws<NftablesException>(() => NftablesLibrary.Run("add nonsense\n")).Message);

    private static string List() => System.Text.RegularExpressions.Regex.Replace(NftablesLibrary.List($"list table inet {Table}\n"), "\"handle\": [0-9]+", "");
}
