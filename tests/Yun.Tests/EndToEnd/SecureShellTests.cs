using Yun.Tests.RegistryApi;

namespace Yun.Tests.EndToEnd;

public sealed class SecureShellTests
{
    [Fact]
    public async Task The_stock_client_reaches_the_daemon_by_ssh()
    {
        using var folder = new ScratchFolder();
        var (server, client) = (ContainerTools.Unpacked("openssh-server"), $"{ContainerTools.Unpacked("openssh-client")}/usr/bin");
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        foreach (var key in (string[])["host", "user"]) (await new Command($"{client}/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder[key]).RunAsync()).Succeeded();
        File.CreateSymbolicLink(folder["docker"], TestTools.Yun);
        var port = LoopbackPort.Free();
        folder.Write("sshd_config", $"""
            ListenAddress 127.0.0.1:{port}
            HostKey {folder["host"]}
            AuthorizedKeysFile {folder["user.pub"]}
            StrictModes no
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            UsePAM no
            PidFile none
            SetEnv PATH={folder.Path}:/usr/bin:/bin DOCKER_HOST=unix://{daemon.Socket}
            """);
        // The client takes the ssh of its PATH; this one is the real one, and reads nothing of the user's.
        folder.Write("bin/ssh", $"#!/bin/sh\nexec {client}/ssh -F none -i {folder["user"]} -o UserKnownHostsFile={folder["known"]} -o StrictHostKeyChecking=accept-new \"$@\"\n");
        File.SetUnixFileMode(folder["bin/ssh"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        // The package's user, and its directory, for this process alone.
        folder.Write("passwd", File.ReadAllText("/etc/passwd") + "sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin\n");
        var command = new Command("unshare", "--mount", "--propagation", "private", "sh", "-c",
            $"mount --bind {folder["passwd"]} /etc/passwd && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec {server}/usr/sbin/sshd -D -e -f {folder["sshd_config"]}");
        command.Environment["LD_LIBRARY_PATH"] = $"{ContainerTools.Unpacked("libwrap0")}/usr/lib/x86_64-linux-gnu";
        using var sshd = command.Start();
        try
        {
            await Eventually.HoldsAsync(async () => (await new Command("bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{port}").RunAsync()).ExitCode == 0);
            Assert.Equal("hello", (await BySsh("run", "--rm", "busybox", "echo", "hello").RunAsync()).Succeeded().Text);
            var piped = BySsh("run", "--rm", "-i", "busybox", "cat");
            piped.Input = "through";
            Assert.Equal("through", (await piped.RunAsync()).Succeeded().Text);
        }
        finally
        {
            sshd.Kill();
            await sshd.WaitForExitAsync(CancellationToken.None);
        }

        Command BySsh(params string[] arguments)
        {
            var docker = new Command(TestTools.Docker, ["-H", $"ssh://root@127.0.0.1:{port}", .. arguments]);
            docker.Environment["PATH"] = $"{folder["bin"]}:/usr/bin:/bin";
            return docker;
        }
    }
}
