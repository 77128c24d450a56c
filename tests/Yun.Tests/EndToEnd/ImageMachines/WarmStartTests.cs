namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>Machines that go on from a template: each is another, though they began as one.</summary>
public sealed class WarmStartTests(MachineFixture machines) : IClassFixture<MachineFixture>
{
    private const string Identity = "cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | md5sum; cat /sys/class/net/eth0/address; hostname; hostname -i; date +%s; wget -qO- http://beside/";

    [Fact]
    public async Task Machines_of_one_template_have_secrets_names_addresses_and_a_clock_of_their_own()
    {
        var daemon = await machines.StartedAsync();
        var docker = daemon.Docker;
        await docker.TextAsync("network", "create", "warm");
        await docker.TextAsync("run", "-d", "--name", "beside", "--network", "warm", "busybox", "sh", "-c", "mkdir /www; echo from beside > /www/index.html; httpd -f -h /www -p 80");
        try
        {
            string[] run = ["run", "--rm", "--runtime", "vm", "--network", "warm", "-m", "96m", "--label", "yun.machine-warm-start=true"];
            var all = await Task.WhenAll(((string[])["one", "two"]).Select(async name => (await docker.RunAsync([.. run, "--hostname", name, "busybox", "sh", "-c", Identity])).Succeeded().Lines));
            for (var i = 0; i < 4; i++) Assert.NotEqual(all[0][i], all[1][i]);
            Assert.Equal(["one", "two"], all.Select(lines => lines[3]));
            Assert.All(all, lines => Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(lines[5], System.Globalization.CultureInfo.InvariantCulture), -5, 300));
            Assert.All(all, lines => Assert.Equal("from beside", lines[6]));
            var template = Assert.Single(Directory.GetFiles(Path.Combine(daemon.DataRoot, "machines", "templates")));
            Assert.Empty(await TroubleAsync(daemon));

            // One that is broken is told of, and the machine boots.
            File.WriteAllBytes(template, new byte[100]);
            Assert.Equal("three", await docker.TextAsync([.. run, "--hostname", "three", "busybox", "hostname"]));
            Assert.Contains(await TroubleAsync(daemon), line => line.Contains(" machine cold-start ", StringComparison.Ordinal) && line.Contains("did not go on from its template", StringComparison.Ordinal));
        }
        finally
        {
            await docker.RunAsync("rm", "-f", "beside");
            await docker.RunAsync("network", "rm", "warm");
        }
    }

    private static async Task<string[]> TroubleAsync(Daemon daemon) => (await daemon.Yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s")).Succeeded().Lines;
}
