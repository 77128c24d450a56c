using Yun.Linux.Nftables;
using Yun.Node.Networks;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Networks;

/// <summary>Beside firewalls that drop what is forwarded. They are played by tables laid out as theirs, so the tests need none of them installed.</summary>
[Collection("host network")]
public sealed class ForeignFirewallTests
{
    private const string Iptables = "add table ip filter\nadd chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }\n";
    private const string Docker = Iptables + "add chain ip filter DOCKER-USER\nadd rule ip filter FORWARD counter jump DOCKER-USER\nadd rule ip filter DOCKER-USER counter return\n";
    private const string Ufw = Iptables + "add chain ip filter ufw-user-forward\nadd rule ip filter FORWARD counter jump ufw-user-forward\n";
    private const string Firewalld = "add table inet firewalld\nadd chain inet firewalld filter_FORWARD { type filter hook forward priority filter + 10; policy accept; }\n"
        + "add rule inet firewalld filter_FORWARD ct state established,related accept\nadd rule inet firewalld filter_FORWARD reject\n";

    [Theory]
    [InlineData(Iptables, "ip filter", "FORWARD")]
    [InlineData(Docker, "ip filter", "DOCKER-USER")]
    [InlineData(Ufw, "ip filter", "ufw-user-forward")]
    [InlineData(Firewalld, "inet firewalld", "filter_FORWARD")]
    public async Task Containers_reach_the_world_beside_it_and_its_own_rules_are_as_before_when_we_are_gone(string commands, string table, string chain)
    {
        using var foreign = new ForeignTable(commands, table);
        using var neighbour = new Neighbour();
        var before = foreign.Rules();
        await using (var machine = await Machine.StartAsync())
        {
            await machine.Controller.CreateAsync(new Network { Name = "blue" });
            var sandbox = await machine.AttachAsync("client", "blue", Machine.Publish("80/tcp", "18130"));
            using var far = Talk.Serve(neighbour.Namespace, 80);
            using var own = Talk.Serve(sandbox.Namespace, 80);
            Assert.NotNull(await Talk.AskAsync(sandbox.Namespace, Neighbour.Address, 80));
            Assert.NotNull(await Talk.AskAsync(neighbour.Namespace, neighbour.HostAddress, 18130));
            var rules = NftablesLibrary.List($"list chain {table} {chain}\n");
            Assert.Equal(4, rules.Split($"\"{machine.Names.Table}:").Length - 1);
            await machine.Controller.DetachAsync(Machine.Id("client"));
            await machine.Controller.RemoveAsync("blue");
            Assert.Equal(2, NftablesLibrary.List($"list chain {table} {chain}\n").Split($"\"{machine.Names.Table}:").Length - 1);
        }
        Assert.Equal(before, foreign.Rules());
    }

    [Fact]
    public async Task What_our_own_table_refuses_stays_refused_beside_it()
    {
        using var foreign = new ForeignTable(Docker, "ip filter");
        using var neighbour = new Neighbour();
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var one = await machine.AttachAsync("one");
        var two = await machine.AttachAsync("two", "blue");
        using var server = Talk.Serve(one.Namespace, 80);
        Assert.Null(await Talk.AskAsync(two.Namespace, one.Endpoints["bridge"].IpAddress!, 80, waitMilliseconds: 300));
        Assert.Null(await Talk.AskAsync(neighbour.Namespace, one.Endpoints["bridge"].IpAddress!, 80, waitMilliseconds: 300));
    }

    [Fact]
    public async Task A_firewall_that_starts_after_us_or_reloads_is_opened_too()
    {
        using var neighbour = new Neighbour();
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("client");
        using var far = Talk.Serve(neighbour.Namespace, 80);
        using var foreign = new ForeignTable(Iptables, "ip filter", byAnotherProcess: true);
        Assert.True(await Eventually(async () => await Talk.AskAsync(sandbox.Namespace, Neighbour.Address, 80, waitMilliseconds: 300) is not null));
    }

    /// <summary>CVES.md row 84: a reload of the machine's firewall takes our table with it.</summary>
    [Fact]
    public async Task Our_table_comes_back_when_another_process_flushes_it()
    {
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18131"));
        using (var nft = System.Diagnostics.Process.Start(TestTools.Nft, ["delete", "table", "inet", machine.Names.Table]))
        {
            await nft.WaitForExitAsync();
            Assert.Equal(0, nft.ExitCode);
        }
        Assert.True(await Eventually(() => Task.FromResult(NftablesLibrary.List("list tables\n").Contains(machine.Names.Table, StringComparison.Ordinal))));
        Assert.Contains("18131", NftablesLibrary.List($"list table inet {machine.Names.Table}\n"));
    }

    private static async Task<bool> Eventually(Func<Task<bool>> condition)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (await condition()) return true;
            await Task.Delay(50);
        }
        return false;
    }

    internal sealed class ForeignTable : IDisposable
    {
        private readonly string _table;

        internal ForeignTable(string commands, string table, bool byAnotherProcess = false)
        {
            _table = table;
            if (NftablesLibrary.List("list tables\n").Contains($"\"name\": \"{table.Split(' ')[1]}\"", StringComparison.Ordinal)) Assert.Skip($"this machine has a table {table} of its own");
            if (!byAnotherProcess) NftablesLibrary.Run(commands);
            else
            {
                using var nft = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(TestTools.Nft, ["-f", "-"]) { RedirectStandardInput = true })!;
                nft.StandardInput.Write(commands);
                nft.StandardInput.Close();
                nft.WaitForExit();
            }
        }

        internal string Rules() => System.Text.RegularExpressions.Regex.Replace(NftablesLibrary.List($"list table {_table}\n"), "\"(packets|bytes)\": [0-9]+", "");

        public void Dispose() => NftablesLibrary.Run($"delete table {_table}\n");
    }
}
