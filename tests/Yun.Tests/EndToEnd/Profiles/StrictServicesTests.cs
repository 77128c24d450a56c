namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>A daemon whose containers are strict unless they say otherwise, with programs that people run.</summary>
public sealed class StrictServicesTests
{
    // Makes a package and installs it, becomes another user, runs threads, children, a server and a client, and pings without a capability.
    private const string Debian = """
        set -e
        mkdir -p /tmp/p/DEBIAN /tmp/p/opt; chmod 755 /tmp/p/DEBIAN; echo hello > /tmp/p/opt/hello; chown 1000:1000 /tmp/p/opt/hello
        printf 'Package: hello-strict\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: t\n' > /tmp/p/DEBIAN/control
        dpkg-deb -b /tmp/p /tmp/p.deb >/dev/null
        apt-get -o APT::Sandbox::User=_apt install -y /tmp/p.deb >/dev/null 2>&1
        dpkg-query -W hello-strict | tr '\t' ' '; stat -c '%u' /opt/hello
        su -s /bin/sh nobody -c 'id -un'
        python3 - <<'X'
        import asyncio, http.server, multiprocessing, os, socket, subprocess, threading, urllib.request
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(urllib.request.urlopen("http://localhost:%d/etc/hostname" % server.server_port).status)
        print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout.strip())
        with multiprocessing.Pool(2) as pool: print(sum(pool.map(abs, [-1, -2])))
        print(asyncio.run(asyncio.sleep(0, "async")))
        os.setuid(65534)
        ping = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        ping.sendto(b"\x08\0\0\0\0\0\0\1", ("127.0.0.1", 0))
        print("answer", ping.recv(64)[0])
        X
        """;

    [Fact]
    public async Task Services_and_package_managers_work_where_strict_is_the_default()
    {
        using var folder = new ScratchFolder(("daemon.json", """{"default-profile": "strict"}"""));
        await using var daemon = await Daemon.StartWithBusyboxAsync("--config-file", folder["daemon.json"]);
        const string status = "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status | cut -f2";
        Assert.Equal("1\n2", await daemon.Docker.TextAsync("run", "--name", "plain", "busybox", "sh", "-c", status));
        Assert.Equal("[profile=strict no-new-privileges]", await daemon.Docker.TextAsync("inspect", "--format", "{{.HostConfig.SecurityOpt}}", "plain"));
        Assert.Equal("0\n2", await daemon.Docker.TextAsync("run", "--rm", "--security-opt", "profile=docker", "busybox", "sh", "-c", status));
        Assert.Equal("0\n0", await daemon.Docker.TextAsync("run", "--rm", "--privileged", "busybox", "sh", "-c", status));
        Assert.Contains("name=profile,default=strict", await daemon.Docker.TextAsync("info", "--format", "{{.SecurityOptions}}"), StringComparison.Ordinal);

        await daemon.Docker.TextAsync("run", "-d", "--name", "web", "-p", "127.0.0.1:0:80", "busybox", "sh", "-c", "mkdir /www; echo page >/www/index.html; exec httpd -f -p 80 -h /www");
        var address = await daemon.Docker.TextAsync("port", "web", "80");
        await Eventually.HoldsAsync(async () => (await new Command("curl", "-s", "--noproxy", "*", $"http://{address}/").RunAsync()).Text == "page");
        Assert.Equal("page", await daemon.Docker.TextAsync("run", "--rm", "--link", "web", "busybox", "wget", "-q", "-O", "-", "http://web/"));

        (await daemon.Docker.RunAsync("import", TestTools.DebianRoot, "debian")).Succeeded();
        Assert.Equal("hello-strict 1\n1000\nnobody\n200\nchild\n3\nasync\nanswer 0", await daemon.Docker.TextAsync("run", "--rm", "debian", "sh", "-c", Debian));
    }

    [Fact]
    public async Task A_daemon_refuses_a_profile_that_there_is_not()
    {
        using var folder = new ScratchFolder();
        (await new Command(TestTools.Yun, "daemon", "--data-root", folder["root"], "--exec-root", folder["run"], "--host", $"unix://{folder["yun.sock"]}", "--pidfile", folder["pid"], "--default-profile", "lax").RunAsync())
            .EndedWith(1).FailedSaying("There is no security profile 'lax'");
        folder.Write("daemon.json", """{"default-profile": "lax"}""");
        (await new Command(TestTools.Yun, "daemon", "--validate", "--config-file", folder["daemon.json"]).RunAsync()).EndedWith(1).FailedSaying("There is no security profile 'lax'");
    }
}
