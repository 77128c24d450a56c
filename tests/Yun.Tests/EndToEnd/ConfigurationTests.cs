using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.EndToEnd;

/// <summary>The daemon's flags and its configuration file, in dockerd's words.</summary>
public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("""{"bip": 7}""", "\"bip\" must be a string and is 7")]
    [InlineData("""{"ipv6": "yes"}""", "\"ipv6\" must be true or false and is \"yes\"")]
    [InlineData("""{"nonsense": 1, "bridge": "b", "more": true}""", "the following directives don't match any configuration option: nonsense, more")]
    [InlineData("""{"mtu": 1400, "mtu": 1500}""", "mtu")]
    [InlineData("""{"mtu": 1400""", "unable to configure the daemon with file")]
    [InlineData("""{"iptables": false}""", "\"iptables\" cannot be false. Networks need their firewall rules.")]
    [InlineData("""{"userns-remap": "a:b:c"}""", "--userns-remap is a:b:c: it must be default, USER or USER:GROUP.")]
    [InlineData("""{"runtimes": {"kata": {"path": "/kata"}}}""", "\"runtimes\" cannot be kata=path=/kata. Containers are started by yun-runtime.")]
    [InlineData("""{"default-address-pools": [{"base": "10.9.0.0/16"}]}""", "its size must be 16 to 30")]
    [InlineData("""{"default-ulimits": {"nofile": {"Hard": "many"}}}""", "--default-ulimit is nofile")]
    [InlineData("""{"default-shm-size": "big"}""", "invalid size: 'big'")]
    [InlineData("""{"hosts": ["tcp://0.0.0.0:2375"]}""", "TCP needs --tlsverify")]
    [InlineData("""{"log-level": "loud"}""", "invalid logging level: loud")]
    public async Task A_file_with_a_fault_is_refused_and_the_fault_named(string file, string message)
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        using var folder = new ScratchFolder(("daemon.json", file));
        (await Validate("--config-file", folder["daemon.json"]).RunAsync()).EndedWith(1).FailedSaying(message);
    }

    [Fact]
    public async Task Relayed_ports_are_reached_only_by_whom_the_machine_s_own_input_rules_let()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync("--published-ports", "relayed");
        var port = LoopbackPort.Free();
        await daemon.Docker.TextAsync("run", "-d", "--name", "web", "-p", $"{port}:80", "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /");
        Command Ask() => new("curl", "-s", "--noproxy", "*", "--max-time", "10", "--retry", "20", "--retry-delay", "0", "--retry-connrefused", $"http://127.0.0.1:{port}/index.html");
        Assert.Equal("page", (await Ask().RunAsync()).Succeeded().Text);
        var table = $"yuntest{port}";
        (await new Command(TestTools.Nft, $"table inet {table} {{ chain input {{ type filter hook input priority 0; tcp dport {port} reject with tcp reset; }}; }}").RunAsync()).Succeeded();
        try { Assert.NotEqual(0, (await new Command("curl", "-s", "--noproxy", "*", "--max-time", "10", $"http://127.0.0.1:{port}/index.html").RunAsync()).ExitCode); }
        finally { await new Command(TestTools.Nft, $"delete table inet {table}").RunAsync(); }
        await daemon.Docker.TextAsync("rm", "-f", "web");
    }

    [Fact]
    public async Task A_file_written_for_dockerd_is_taken_and_what_is_said_twice_is_not()
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        using var folder = new ScratchFolder(("daemon.json", """
            {
                // As found on a machine.
                "storage-driver": "overlay2", "exec-opts": ["native.cgroupdriver=cgroupfs"], "live-restore": true, "userland-proxy": false, "features": {"buildkit": true},
                "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}, "default-address-pools": [{"base": "10.201.0.0/16", "size": 24}],
                "registry-mirrors": ["https://mirror.example.org"], "insecure-registries": ["registry.lab:5000"], "dns": ["192.0.2.53"], "mtu": 1400,
                "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 65536, "Soft": 32768}}, "proxies": {"http-proxy": "http://proxy.lab:3128", "no-proxy": "lab"}, "labels": ["room=1"],
            }
            """));
        Assert.Equal("configuration OK", (await Validate("--config-file", folder["daemon.json"]).RunAsync()).Succeeded().Text);
        (await Validate("--config-file", folder["daemon.json"], "--mtu", "1300", "--log-opt", "max-size=1m").RunAsync()).EndedWith(1)
            .FailedSaying("the following directives are specified both as a flag and in the configuration file: log-opt, mtu");
        (await Validate("--config-file", folder["none.json"]).RunAsync()).EndedWith(1).FailedSaying("none.json");
    }

    [Fact]
    public async Task Containers_and_networks_get_what_the_daemon_was_told()
    {
        using var folder = new ScratchFolder(("daemon.json", """
            {
                "bip": "10.214.7.1/24", "fixed-cidr": "10.214.7.128/25", "ipv6": true, "fixed-cidr-v6": "fd00:214::/64", "ip": "127.0.0.1", "default-address-pools": [{"base": "10.215.0.0/16", "size": 26}],
                "default-ulimits": {"nofile": {"Hard": 4096, "Soft": 2048}}, "default-shm-size": "8m", "no-new-privileges": true, "log-opts": {"max-size": "1m", "max-file": "2"}, "cgroup-parent": "yun-test-parent",
                "labels": ["room=1"], "host-gateway-ip": "192.0.2.7"
            }
            """));
        try
        {
            await using var daemon = await Daemon.StartWithBusyboxAsync("--config-file", folder["daemon.json"]);
            var port = LoopbackPort.Free();
            var name = await daemon.Docker.TextAsync("run", "-d", "-p", $"{port}:80", "--add-host", "outside:host-gateway", "busybox", "sleep", "1000");
            Assert.Equal("10.214.7.128 fd00:214::2", await daemon.Docker.TextAsync("inspect", "-f", "{{.NetworkSettings.IPAddress}} {{.NetworkSettings.GlobalIPv6Address}}", name));
            Assert.Equal($"127.0.0.1:{port}", await daemon.Docker.TextAsync("port", name, "80"));
            Assert.Equal("2048 4096", await daemon.Docker.TextAsync("exec", name, "sh", "-c", "echo $(ulimit -Sn) $(ulimit -Hn)"));
            Assert.Equal("8192", await daemon.Docker.TextAsync("exec", name, "sh", "-c", "df -k /dev/shm | tail -n 1 | awk '{print $2}'"));
            Assert.Equal("NoNewPrivs:\t1", await daemon.Docker.TextAsync("exec", name, "grep", "NoNewPrivs", "/proc/1/status"));
            Assert.Contains("192.0.2.7\toutside", await daemon.Docker.TextAsync("exec", name, "cat", "/etc/hosts"));
            Assert.Contains("/yun-test-parent/", await daemon.Docker.TextAsync("exec", name, "cat", "/proc/self/cgroup"));
            Assert.Equal("map[max-file:2 max-size:1m]", await daemon.Docker.TextAsync("inspect", "-f", "{{.HostConfig.LogConfig.Config}}", name));
            Assert.Equal("NoNewPrivs:\t0", await daemon.Docker.TextAsync("run", "--rm", "--security-opt", "no-new-privileges=false", "--ulimit", "nofile=99", "busybox", "grep", "NoNewPrivs", "/proc/1/status"));
            await daemon.Docker.TextAsync("network", "create", "picked");
            Assert.Equal("10.215.0.0/26", await daemon.Docker.TextAsync("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "picked"));
            Assert.Equal("[room=1]", await daemon.Docker.TextAsync("info", "-f", "{{.Labels}}"));
            await daemon.Docker.TextAsync("network", "rm", "picked");
        }
        finally
        {
            foreach (var hierarchy in Yun.Linux.Cgroups.CgroupLayout.Machine.Hierarchies)
                if (Directory.Exists(Path.Combine(hierarchy.MountPoint, "yun-test-parent"))) Directory.Delete(Path.Combine(hierarchy.MountPoint, "yun-test-parent"));
        }
    }

    [Fact]
    public async Task On_SIGHUP_the_file_is_read_again_and_one_with_a_fault_changes_nothing()
    {
        using var folder = new ScratchFolder(("daemon.json", """{"labels": ["room=1"]}"""));
        await using var daemon = await Daemon.StartAsync("--config-file", folder["daemon.json"]);
        using var events = new Command(TestTools.Docker, "-H", $"unix://{daemon.Socket}", "events", "--filter", "type=daemon", "--format", "{{.Action}} {{index .Actor.Attributes \"labels\"}}").Start();
        await Eventually.HoldsAsync(async () => await daemon.Docker.TextAsync("info", "-f", "{{.NEventsListener}}") != "0");
        folder.Write("daemon.json", """{"labels": ["room=2"], "debug": true, "insecure-registries": ["registry.lab:5000"], "mtu": 1400}""");
        await HangUpAsync();
        await Eventually.HoldsAsync(async () => await daemon.Docker.TextAsync("info", "-f", "{{.Labels}}") == "[room=2]");
        Assert.Equal("reload [room=2]", await events.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        events.Kill();
        Assert.Contains("what changed of mtu waits for the daemon's next start", daemon.Log);
        folder.Write("daemon.json", """{"labels": 3}""");
        await HangUpAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(daemon.Log.Contains("was not read again", StringComparison.Ordinal)));
        Assert.Equal("[room=2]", await daemon.Docker.TextAsync("info", "-f", "{{.Labels}}"));

        async Task HangUpAsync() => (await new Command("kill", "-HUP", $"{daemon.Pid}").RunAsync()).Succeeded();
    }

    [Fact]
    public async Task Over_TCP_only_those_come_in_whose_certificate_is_signed()
    {
        var (server, stranger) = (new TestCertificate(), new TestCertificate());
        using var folder = new ScratchFolder(("ca.pem", server.IssuerPem), ("cert.pem", server.Pem), ("key.pem", server.KeyPem));
        foreach (var (who, issuer) in new[] { ("friend", server), ("stranger", stranger) })
        {
            var (certificate, key) = SignedFor(who, issuer);
            folder.Write($"{who}/cert.pem", certificate);
            folder.Write($"{who}/key.pem", key);
        }
        var port = LoopbackPort.Free();
        await using var daemon = await Daemon.StartWithBusyboxAsync("--host", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", folder["ca.pem"], "--tlscert", folder["cert.pem"], "--tlskey", folder["key.pem"]);
        await Eventually.HoldsAsync(() => Task.FromResult(daemon.Log.Contains($"API listen on 127.0.0.1:{port}", StringComparison.Ordinal)));
        Assert.Equal("hello", (await By("friend", "run", "--rm", "busybox", "echo", "hello").RunAsync()).Succeeded().Text);
        var piped = By("friend", "run", "--rm", "-i", "busybox", "cat");
        piped.Input = "through";
        Assert.Equal("through", (await piped.RunAsync()).Succeeded().Text);
        Assert.NotEqual(0, (await By("stranger", "version").RunAsync()).ExitCode);
        using var plain = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetStringAsync($"http://127.0.0.1:{port}/_ping", TestContext.Current.CancellationToken));

        Command By(string who, params string[] arguments) => new(TestTools.Docker,
            ["-H", $"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", folder["ca.pem"], "--tlscert", folder[$"{who}/cert.pem"], "--tlskey", folder[$"{who}/key.pem"], .. arguments]);
    }

    [Fact]
    public async Task Metrics_are_told_on_the_socket_and_where_a_collector_is_let_in()
    {
        var port = LoopbackPort.Free();
        await using var daemon = await Daemon.StartWithBusyboxAsync("--metrics-addr", $"127.0.0.1:{port}");
        await daemon.Docker.TextAsync("run", "-d", "busybox", "sleep", "1000");
        using var http = new HttpClient();
        var text = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("engine_daemon_container_states_containers{state=\"running\"} 1\n", text);
        Assert.Contains("yun_api_request_seconds_count{method=\"POST\",route=\"/containers/{name}/start\",code=\"204\"} 1\n", text);
        Assert.Contains("engine_daemon_engine_info{", text);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await http.GetAsync($"http://127.0.0.1:{port}/containers/json", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Contains("engine_daemon_engine_cpus_cpus", (await new Command("curl", "-s", "--unix-socket", daemon.Socket, "http://localhost/metrics").RunAsync()).Succeeded().Text);
    }

    [Fact]
    public async Task Under_the_names_dockerd_and_docker_it_is_those()
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        using var folder = new ScratchFolder();
        foreach (var name in (string[])["docker", "dockerd"]) File.CreateSymbolicLink(folder[name], TestTools.Yun);
        folder.Write("daemon.json", """{"nonsense": 1}""");
        (await new Command(folder["dockerd"], "--validate", "--config-file", folder["daemon.json"]).RunAsync()).EndedWith(1).FailedSaying("dockerd: unable to configure the daemon");
        Assert.Contains("--config-file", (await new Command(folder["dockerd"], "--help").RunAsync()).Succeeded().Text);
        (await new Command(folder["docker"], "-H", $"unix://{folder["none.sock"]}", "ps").RunAsync()).EndedWith(1).FailedSaying("none.sock");
        (await new Command(folder["docker"], "nonsense").RunAsync()).EndedWith(1).FailedSaying("docker: unknown command: docker nonsense");
    }

    private static Command Validate(params string[] flags) => new(TestTools.Yun, ["daemon", "--validate", .. flags]);

    private static (string Certificate, string Key) SignedFor(string name, TestCertificate issuer)
    {
        using var root = X509Certificate2.CreateFromPem(issuer.IssuerPem, issuer.IssuerKeyPem);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var signed = request.Create(root.SubjectName, X509SignatureGenerator.CreateForRSA(root.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return (signed.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
