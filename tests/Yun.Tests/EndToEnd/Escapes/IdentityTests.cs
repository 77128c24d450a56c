namespace Yun.Tests.EndToEnd.Escapes;

/// <summary>Who a container's processes are, whatever the image's own files say of it.</summary>
public sealed class IdentityTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private const string Files = """
        mkdir -p /etc; printf 'root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\nboat:x:1234:1234::/home:/bin/sh\nfar:x:4294967294:4294967294::/:/bin/sh\n' >/etc/passwd
        printf 'root:x:0:\n1000:x:0:\nboat:x:1234:\ncrew:x:2345:boat\nline:x:1:1000\n' >/etc/group; touch /denied; chown 0:1000 /denied; chmod 604 /denied
        """;

    /// <summary>A running container whose image has users with misleading names.</summary>
    private async Task<string> RunningAsync()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", Files.ReplaceLineEndings(";") + "; touch /ready; exec sleep 1000");
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("exec", name, "test", "-e", "/ready")).ExitCode == 0);
        return name;
    }

    private async Task<string> AsAsync(string container, string user) => await Docker.TextAsync("exec", "-u", user, container, "sh", "-c", "echo $(id -u):$(id -g) $(id -G)");

    // The client shows what went wrong with an exec among its output.
    private async Task RefusedAsync(string container, string user, string error)
    {
        var result = await Docker.RunAsync("exec", "-u", user, container, "id");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(error, result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CVE_2016_3697_and_CVE_2026_46680_a_number_is_never_a_name()
    {
        var name = await RunningAsync();
        Assert.Equal("1000:0 0", await AsAsync(name, "1000"));
        Assert.Equal("1000:1000 1000", await AsAsync(name, "1000:1000"));
        Assert.Equal("5:1000 1000", await AsAsync(name, "5:1000"));
        foreach (var odd in (string[])["+0", " 0", "0x0", "00", "007", "-0"])
            await RefusedAsync(name, odd, $"unable to find user {odd}: no matching entries in passwd file");
        // The same for an image's first process.
        var image = Name("odd");
        await Docker.TextAsync("commit", name, image);
        Assert.Equal("1000", await Docker.TextAsync("run", "--rm", "-u", "1000", image, "id", "-u"));
        (await Docker.RunAsync("run", "--rm", "-u", "0x0", image, "id")).FailedSaying("unable to find user 0x0");
        await Docker.TextAsync("rmi", "-f", image);
    }

    [Fact]
    public async Task CVE_2026_30892_who_joins_is_who_was_asked_for()
    {
        var name = await RunningAsync();
        foreach (var (user, identity) in ((string, string)[])[("1", "1:0 0"), ("1:1", "1:1 1"), (":1", "0:1 1"), ("boat", "1234:1234 1234 2345"), ("boat:crew", "1234:2345 2345"), ("1234", "1234:1234 1234 2345")])
            Assert.Equal(identity, await AsAsync(name, user));
    }

    [Theory, InlineData("2147483648"), InlineData("4294967295"), InlineData("4294967296"), InlineData("18446744073709551616"), InlineData("-1"), InlineData("1:4294967296"), InlineData("1:-1")]
    public async Task CVE_2024_40635_an_id_that_is_too_large_is_nobody_s(string user)
    {
        (await Docker.RunAsync("run", "--rm", "-u", user, "busybox", "id")).EndedWith(125);
        var image = Name("large");
        await Docker.TextAsync("import", "-c", $"USER {user}", "-c", "CMD [\"id\"]", TestTools.BusyboxRoot, image);
        (await Docker.RunAsync("run", "--rm", image)).EndedWith(125);
        await Docker.TextAsync("rmi", "-f", image);
    }

    [Fact]
    public async Task CVE_2024_40635_a_user_of_the_image_with_such_an_id_is_refused() =>
        await RefusedAsync(await RunningAsync(), "far", "its passwd entry has no valid id");

    [Fact]
    public async Task CVE_2022_36109_and_CVE_2023_25173_the_main_group_is_among_the_supplementary_ones()
    {
        var name = await RunningAsync();
        (await Docker.RunAsync("exec", "-u", "1000:1000", name, "cat", "/denied")).FailedSaying("Permission denied");
        Assert.Equal("1000", await Docker.TextAsync("exec", "-u", "1000:1000", name, "id", "-G"));
        Assert.Equal("1000 77", await Docker.TextAsync("run", "--rm", "-u", "1000:1000", "--group-add", "77", "busybox", "id", "-G"));
    }

    [Fact]
    public async Task CVE_2026_47262_and_CVE_2025_4437_and_CVE_2024_9676_a_passwd_file_that_never_ends_holds_up_nobody()
    {
        var name = await RunningAsync();
        foreach (var make in (string[])["mkfifo /etc/passwd", "ln -s /dev/zero /etc/passwd", "mkdir /etc/passwd", "ln -s ../../../../etc/passwd /etc/passwd", "truncate -s 2G /etc/passwd"])
        {
            await Docker.TextAsync("exec", name, "sh", "-c", $"rm -rf /etc/passwd; {make}");
            await RefusedAsync(name, "daemon", "unable to find user daemon");
            (await Docker.RunAsync("exec", "-u", "5", name, "true")).Succeeded();
        }
    }

    [Fact]
    public async Task CVE_2022_24769_nothing_is_inheritable_or_ambient()
    {
        const string script = "grep -E 'Cap(Inh|Amb)' /proc/self/status | cut -f 2 | sort -u";
        foreach (var flags in (string[][])[[], ["-u", "1000"], ["--cap-add", "ALL"], ["--privileged"]])
            Assert.Equal("0000000000000000", await Docker.TextAsync(["run", "--rm", .. flags, "busybox", "sh", "-c", script]));
        var name = await RunningAsync();
        foreach (var flags in (string[][])[[], ["-u", "1000"], ["--privileged"]])
            Assert.Equal("0000000000000000", await Docker.TextAsync(["exec", .. flags, name, "sh", "-c", script]));
    }
}
