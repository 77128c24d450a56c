using System.Text.Json;
using Yun.Linux.Nftables;

namespace Yun.Node.Networks;

/// <summary>
/// Other firewalls on the machine that drop what is forwarded. An accept in our table does not help against a drop in theirs, so each gets one pair of rules
/// per bridge, at the place it keeps for such: Docker's chain DOCKER-USER, ufw's ufw-user-forward, firewalld's filter_FORWARD, or the FORWARD chain of
/// iptables itself. What may pass is still decided by our own table. The rules carry our table's name as a comment, and only those are ever removed.
/// </summary>
public sealed class ForeignFirewalls(string tag, EngineLog log)
{
    private readonly Lock _turn = new();
    private bool _warned;

    /// <summary>Lets the traffic of these bridges through, and takes back rules of ours for any other.</summary>
    public void Open(IEnumerable<string> bridges)
    {
        lock (_turn) Apply([.. bridges]);
    }

    public void Close(string bridge)
    {
        lock (_turn)
        {
            foreach (var place in Places(Chains())) Run(place, [.. RulesIn(place).Where(rule => rule.Comment == Comment(bridge)).Select(rule => $"delete rule {place.Path} handle {rule.Handle}")]);
        }
    }

    private void Apply(HashSet<string> bridges)
    {
        var chains = Chains();
        var wanted = Wanted(chains);
        WarnOfOthers(chains);
        foreach (var place in Places(chains))
        {
            var rules = RulesIn(place);
            var ours = rules.Where(rule => rule.Comment.StartsWith(tag + ':', StringComparison.Ordinal)).ToList();
            var keep = wanted.Contains(place) ? bridges : [];
            var commands = ours.Where(rule => !keep.Contains(rule.Comment[(tag.Length + 1)..])).Select(rule => $"delete rule {place.Path} handle {rule.Handle}").ToList();
            foreach (var bridge in keep.Where(bridge => ours.Count(rule => rule.Comment == Comment(bridge)) < 2))
            {
                commands.AddRange(ours.Where(rule => rule.Comment == Comment(bridge)).Select(rule => $"delete rule {place.Path} handle {rule.Handle}"));
                foreach (var direction in (ReadOnlySpan<string>)["iifname", "oifname"])
                    commands.Add($"{place.Position(rules)} {direction} \"{bridge}\" counter accept comment \"{Comment(bridge)}\"");
            }
            Run(place, commands);
        }
    }

    private string Comment(string bridge) => $"{tag}:{bridge}";

    private void Run(Place place, List<string> commands)
    {
        if (commands.Count == 0) return;
        try { NftablesLibrary.Run(string.Join('\n', commands) + '\n'); }
        catch (NftablesException error) { log.Warn($"The firewall chain {place.Path} cannot be changed, so containers may not reach others through it: {error.Message}"); }
    }

    private static IEnumerable<Place> Places(List<Chain> chains) =>
        from chain in chains
        where chain is { Family: "ip" or "ip6", Table: "filter", Name: "DOCKER-USER" or "ufw-user-forward" or "ufw6-user-forward" or "FORWARD" } or { Family: "inet", Table: "firewalld", Name: "filter_FORWARD" }
        select new Place(chain.Family, chain.Table, chain.Name);

    /// <summary>Those of the places where a rule of ours is needed now.</summary>
    private static HashSet<Place> Wanted(List<Chain> chains)
    {
        var wanted = new HashSet<Place>();
        var places = Places(chains).ToList();
        if (places.Find(place => place.Table == "firewalld") is { } firewalld) wanted.Add(firewalld);
        foreach (var (family, ufw) in new[] { ("ip", "ufw-user-forward"), ("ip6", "ufw6-user-forward") })
        {
            var iptables = new[] { "DOCKER-USER", ufw, "FORWARD" }.Select(name => places.Find(place => place.Table == "filter" && place.Family == family && place.Chain == name)).OfType<Place>().FirstOrDefault();
            if (iptables is not null && chains.Any(chain => chain is { Table: "filter", Name: "FORWARD", Policy: "drop" } && chain.Family == family)) wanted.Add(iptables);
        }
        return wanted;
    }

    private void WarnOfOthers(List<Chain> chains)
    {
        if (_warned) return;
        foreach (var obstacle in Obstacles(chains))
        {
            log.Warn(obstacle);
            _warned = true;
        }
    }

    /// <summary>What may keep containers from the network and is not opened by Yun, a sentence each.</summary>
    /// <exception cref="NftablesException">The rules cannot be read.</exception>
    public static IReadOnlyList<string> Obstacles() => [.. Obstacles(Chains())];

    private static IEnumerable<string> Obstacles(List<Chain> chains)
    {
        var other = chains.Find(chain => chain is { Hook: "forward", Policy: "drop", Family: "ip" or "ip6" or "inet" } && !Places([chain]).Any() && !chain.Table.StartsWith("yun-", StringComparison.Ordinal));
        if (other is not null) yield return $"The firewall chain {other.Family} {other.Table} {other.Name} drops what is forwarded; it is not one that Yun knows, so containers reach the network only if it accepts their bridges.";
        var legacy = File.Exists("/proc/net/ip_tables_names") && File.ReadAllText("/proc/net/ip_tables_names").Split('\n').Contains("filter");
        if (legacy) yield return "Rules of the legacy iptables are in use; if they drop what is forwarded, containers reach the network only if they accept their bridges. Yun changes rules of nftables only.";
    }

    private static List<Chain> Chains()
    {
        var chains = new List<Chain>();
        using var document = JsonDocument.Parse(NftablesLibrary.List("list chains\n"));
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
            if (item.TryGetProperty("chain", out var chain)) chains.Add(new Chain(Text(chain, "family"), Text(chain, "table"), Text(chain, "name"), Text(chain, "hook"), Text(chain, "policy")));
        return chains;
    }

    private static List<Rule> RulesIn(Place place)
    {
        var rules = new List<Rule>();
        using var document = JsonDocument.Parse(NftablesLibrary.List($"list chain {place.Path}\n"));
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (!item.TryGetProperty("rule", out var rule)) continue;
            var returns = rule.TryGetProperty("expr", out var steps) && steps.EnumerateArray().All(step => step.TryGetProperty("return", out _) || step.TryGetProperty("counter", out _));
            rules.Add(new Rule(rule.GetProperty("handle").GetInt64(), Text(rule, "comment"), returns));
        }
        return rules;
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private sealed record Chain(string Family, string Table, string Name, string Hook, string Policy);

    private sealed record Rule(long Handle, string Comment, bool OnlyReturns);

    private sealed record Place(string Family, string Table, string Chain)
    {
        internal string Path => $"{Family} {Table} {Chain}";

        /// <summary>In a chain kept for others: behind what the administrator put there, and before a final return. In a chain that decides: first.</summary>
        internal string Position(List<Rule> rules) =>
            Chain is "FORWARD" or "filter_FORWARD" ? $"insert rule {Path}"
            : rules is [.., { OnlyReturns: true } last] ? $"insert rule {Path} handle {last.Handle}"
            : $"add rule {Path}";
    }
}
