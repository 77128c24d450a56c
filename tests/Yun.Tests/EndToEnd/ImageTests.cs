namespace Yun.Tests.EndToEnd;

/// <summary>images, tag, rmi, history, inspect, save, load, import.</summary>
public sealed class ImageTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task A_tag_is_one_more_name_and_goes_alone(string client)
    {
        var name = Name();
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", "busybox");
        (await Daemon[client].RunAsync("tag", "busybox", $"{name}:v1")).Succeeded();
        Assert.Equal(id, await Docker.TextAsync("inspect", "-f", "{{.Id}}", $"{name}:v1"));
        Assert.Contains($"{name}:v1", (await Daemon[client].RunAsync("images", "--format", "{{.Repository}}:{{.Tag}}")).Succeeded().Lines);
        Assert.Contains($"Untagged: {name}:v1", (await Daemon[client].RunAsync("rmi", $"{name}:v1")).Succeeded().Lines);
        Assert.Equal(id, await Docker.TextAsync("inspect", "-f", "{{.Id}}", "busybox"));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task The_table_of_images_is_Docker_s(string client)
    {
        var name = Name();
        await Docker.TextAsync("tag", "busybox", name);
        var lines = (await Daemon[client].RunAsync("images", name)).Succeeded().Lines;
        Assert.Matches("^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$", lines[0]);
        Assert.Matches($"^{name} +latest +[0-9a-f]{{12}} +.* ago +[0-9.]+MB$", lines[1]);
    }

    [Fact]
    public async Task An_image_in_use_is_not_removed()
    {
        var name = Name();
        var image = Name("image");
        await BuiltAsync(image);
        await Docker.TextAsync("create", "--name", name, image);
        (await Docker.RunAsync("rmi", image)).EndedWith(1).FailedSaying("conflict");
        await Docker.TextAsync("rm", name);
        (await Docker.RunAsync("rmi", image)).Succeeded();
        (await Docker.RunAsync("inspect", image)).FailedSaying("no such");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_saved_image_comes_back_by_load_with_its_names(string client)
    {
        var image = Name("image");
        var files = Folder();
        await BuiltAsync(image);
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", image);
        (await Daemon[client].RunAsync("save", "-o", files["image.tar"], image)).Succeeded();
        await Docker.TextAsync("rmi", image);
        Assert.Contains($"Loaded image: {image}:latest", (await Daemon[client].RunAsync("load", "-i", files["image.tar"])).Succeeded().Output);
        Assert.Equal(id, await Docker.TextAsync("inspect", "-f", "{{.Id}}", image));
        Assert.Equal("built", await Docker.TextAsync("run", "--rm", image, "cat", "/mark"));
    }

    [Fact]
    public async Task A_saved_image_is_readable_as_a_docker_archive_and_as_an_oci_layout()
    {
        var files = Folder();
        (await Docker.RunAsync("save", "-o", files["image.tar"], "busybox")).Succeeded();
        var names = (await new Command("tar", "-tf", files["image.tar"]).RunAsync()).Succeeded().Lines;
        Assert.Contains("manifest.json", names);
        Assert.Contains("index.json", names);
        Assert.Contains("oci-layout", names);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_truncated_archive_is_refused_and_leaves_nothing(string client)
    {
        var image = Name("image");
        var files = Folder();
        await BuiltAsync(image);
        (await Docker.RunAsync("save", "-o", files["image.tar"], image)).Succeeded();
        await Docker.TextAsync("rmi", image);
        using (var archive = File.OpenWrite(files["image.tar"]))
            archive.SetLength(archive.Length / 2);
        Assert.Equal(1, (await Daemon[client].RunAsync("load", "-i", files["image.tar"])).ExitCode);
        (await Docker.RunAsync("inspect", image)).FailedSaying("no such");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_imported_root_takes_changes_and_a_message(string client)
    {
        var image = Name("image");
        (await Daemon[client].RunAsync("import", "-c", "CMD [\"echo\", \"imported\"]", "-m", "from a tar", TestTools.BusyboxRoot, image)).Succeeded();
        Assert.Equal("imported", await Docker.TextAsync("run", "--rm", image));
        Assert.Contains("from a tar", await Daemon[client].TextAsync("history", image));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task History_tells_each_step(string client)
    {
        var image = Name("image");
        await BuiltAsync(image);
        var lines = (await Daemon[client].RunAsync("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)).Succeeded().Lines;
        Assert.Contains(lines, line => line.Contains("echo built > /mark", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("ENV A=a", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_unknown_image_is_named(string client)
    {
        (await Daemon[client].RunAsync("rmi", "nosuchimage")).EndedWith(1).FailedSaying("No such image: nosuchimage");
        (await Daemon[client].RunAsync("tag", "nosuchimage", "x")).EndedWith(1).FailedSaying("No such image: nosuchimage");
        (await Daemon[client].RunAsync("tag", "busybox", "UPPER")).EndedWith(1).FailedSaying("must be lowercase");
    }

    private async Task BuiltAsync(string image)
    {
        var files = Folder(("Dockerfile", "FROM busybox\nENV A=a\nRUN echo built > /mark\n"));
        (await Docker.RunAsync("build", "-q", "-t", image, files.Path)).Succeeded();
    }
}
