namespace Yun.Tests.EndToEnd;

/// <summary>cp, diff, commit, export.</summary>
public sealed class FilesTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task Files_and_folders_are_copied_in_and_out(string client)
    {
        var name = Name();
        var files = Folder(("in/a.txt", "alpha"), ("in/deep/b.txt", "beta"));
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sleep", "1000");
        (await Daemon[client].RunAsync("cp", files["in"], $"{name}:/got")).Succeeded();
        Assert.Equal("alphabeta", await Docker.TextAsync("exec", name, "cat", "/got/a.txt", "/got/deep/b.txt"));
        (await Daemon[client].RunAsync("cp", $"{name}:/got/deep", files["out"])).Succeeded();
        Assert.Equal("beta", files.Read("out/b.txt"));
        (await Daemon[client].RunAsync("cp", $"{name}:/got/a.txt", files["renamed.txt"])).Succeeded();
        Assert.Equal("alpha", files.Read("renamed.txt"));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_container_that_is_not_running_is_copied_from_and_to(string client)
    {
        var name = Name();
        var files = Folder(("a.txt", "alpha"));
        await Docker.TextAsync("create", "--name", name, "busybox", "cat", "/tmp/a.txt");
        (await Daemon[client].RunAsync("cp", files["a.txt"], $"{name}:/tmp/")).Succeeded();
        Assert.Equal("alpha", (await Docker.RunAsync("start", "-a", name)).Succeeded().Text);
        (await Daemon[client].RunAsync("cp", $"{name}:/tmp/nosuchfile", files.Path)).FailedSaying("nosuchfile");
    }

    [Fact]
    public async Task A_copy_into_a_volume_arrives_also_where_the_image_has_no_such_folder_and_nothing_has_run()
    {
        var name = Name();
        var files = Folder(("a.txt", "alpha"));
        await Docker.TextAsync("create", "--name", name, "-v", "/not/in/image", "busybox", "cat", "/not/in/image/a.txt");
        (await Docker.RunAsync("cp", files["a.txt"], $"{name}:/not/in/image/")).Succeeded();
        Assert.Equal("alpha", (await Docker.RunAsync("start", "-a", name)).Succeeded().Text);
    }

    [Fact]
    public async Task A_link_in_the_container_does_not_lead_a_copy_to_the_host()
    {
        var name = Name();
        var files = Folder(("host.txt", "host"), ("new.txt", "new"));
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", $"mkdir -p {files.Path}; ln -s {files.Path} /way; sleep 1000");
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("exec", name, "test", "-h", "/way")).ExitCode == 0);
        (await Docker.RunAsync("cp", files["new.txt"], $"{name}:/way/host.txt")).Succeeded();
        Assert.Equal("host", files.Read("host.txt"));
        Assert.Equal("new", await Docker.TextAsync("exec", name, "cat", $"{files.Path}/host.txt"));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_diff_tells_what_was_added_changed_and_deleted(string client)
    {
        var name = Name();
        (await Docker.RunAsync("run", "--name", name, "busybox", "sh", "-c", "echo x > /new; echo y >> /etc/group; rm /etc/passwd")).Succeeded();
        var lines = (await Daemon[client].RunAsync("diff", name)).Succeeded().Lines;
        Assert.Equal(["A /new", "C /etc", "C /etc/group", "D /etc/passwd"], lines.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_commit_is_an_image_with_the_container_s_changes(string client)
    {
        var name = Name();
        var image = Name("image");
        (await Docker.RunAsync("run", "--name", name, "busybox", "sh", "-c", "echo kept > /kept; rm /etc/group")).Succeeded();
        (await Daemon[client].RunAsync("commit", "-m", "why", "-a", "who", "-c", "ENV COLOUR=blue", "-c", "CMD [\"sh\", \"-c\", \"cat /kept; echo $COLOUR; ls /etc\"]", name, image)).Succeeded();
        Assert.Equal(["kept", "blue"], (await Docker.RunAsync("run", "--rm", image)).Succeeded().Lines[..2]);
        Assert.DoesNotContain("group", (await Docker.RunAsync("run", "--rm", image)).Lines);
        Assert.Equal("who why", await Docker.TextAsync("inspect", "-f", "{{.Author}} {{.Comment}}", image));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_export_holds_the_container_s_files_and_can_be_imported(string client)
    {
        var name = Name();
        var image = Name("image");
        var files = Folder();
        (await Docker.RunAsync("run", "--name", name, "busybox", "sh", "-c", "echo mine > /mine")).Succeeded();
        (await Daemon[client].RunAsync("export", "-o", files["root.tar"], name)).Succeeded();
        Assert.Contains("mine", (await new Command("tar", "-tf", files["root.tar"]).RunAsync()).Succeeded().Lines);
        (await Daemon[client].RunAsync("import", files["root.tar"], image)).Succeeded();
        Assert.Equal("mine", await Docker.TextAsync("run", "--rm", image, "cat", "/mine"));
    }
}
