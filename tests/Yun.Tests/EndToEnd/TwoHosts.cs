using System.Diagnostics;

namespace Yun.Tests.EndToEnd;

/// <summary>Two network namespaces with a cable between them: the machine that engines run on, and another host, which serves a page on port 8083.</summary>
internal sealed class TwoHosts : IDisposable
{
    public const string MachineAddress = "198.51.100.1", FarAddress = "198.51.100.2";

    private readonly string _name = $"yt{Random.Shared.Next(0x100000):x5}";
    private readonly ScratchFolder _pages = new(("index.html", "page\n"));
    private Process? _server;

    public string Machine => $"/run/netns/{_name}m";
    public string Far => $"/run/netns/{_name}f";

    public static async Task<TwoHosts> MakeAsync()
    {
        var hosts = new TwoHosts();
        try
        {
            var (machine, far) = (hosts._name + "m", hosts._name + "f");
            foreach (var command in (string[])[
                $"netns add {machine}", $"netns add {far}", $"link add out netns {machine} type veth peer name out netns {far}",
                $"-n {machine} addr add {MachineAddress}/24 dev out", $"-n {far} addr add {FarAddress}/24 dev out",
                $"-n {machine} link set lo up", $"-n {far} link set lo up", $"-n {machine} link set out up", $"-n {far} link set out up"])
                (await new Command("ip", command.Split(' ')).RunAsync()).Succeeded();
            // dockerd's firewall drops what is forwarded only where it was dockerd that began to forward.
            (await new Command("nsenter", $"--net={hosts.Machine}", "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward").RunAsync()).Succeeded();
            hosts._server = new Command("nsenter", $"--net={hosts.Far}", "python3", "-m", "http.server", "8083", "--directory", hosts._pages.Path).Start();
            hosts._server.ErrorDataReceived += (_, _) => { };
            hosts._server.BeginErrorReadLine();
            await Eventually.HoldsAsync(async () => await hosts.AskAsync(hosts.Far, "127.0.0.1:8083") == "page");
            return hosts;
        }
        catch
        {
            hosts.Dispose();
            throw;
        }
    }

    /// <summary>The page that a host sees at an address; empty when it sees none.</summary>
    public async Task<string> AskAsync(string from, string address) => (await new Command("nsenter", $"--net={from}", "curl", "-s", "--noproxy", "*", "--max-time", "5", $"http://{address}/index.html").RunAsync()).Text;

    /// <summary>The machine's firewall, without its counters.</summary>
    public async Task<string> RulesAsync() => (await new Command("nsenter", $"--net={Machine}", TestTools.Nft, "--stateless", "list", "ruleset").RunAsync()).Succeeded().Text;

    public void Dispose()
    {
        _server?.Kill(entireProcessTree: true);
        _server?.Dispose();
        foreach (var name in (string[])[_name + "m", _name + "f"]) new Command("ip", "netns", "delete", name).RunAsync().GetAwaiter().GetResult();
        _pages.Dispose();
    }
}
