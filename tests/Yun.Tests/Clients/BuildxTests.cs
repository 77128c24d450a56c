using System.Text.Json;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.Clients;

/// <summary>Builds by buildx, unchanged: what <c>docker build</c> is where Docker's own packages are installed. It speaks BuildKit's protocol with the daemon.</summary>
public sealed class BuildxTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        BuildxPlugin.PutInto(Daemon);
    }

    private Task<CommandResult> BuildAsync(ScratchFolder files, params string[] flags) => RunAsync(Docker.Program, ["build", "--progress", "plain", .. flags, files.Path]);

    private Task<CommandResult> RunAsync(string program, params string[] arguments)
    {
        var command = Docker.CommandOf(program, arguments);
        command.Environment["DOCKER_BUILDKIT"] = "1";
        return command.RunAsync();
    }

    private async Task<bool> NothingIsLeftOfAsync(string image) =>
        await Docker.TextAsync("ps", "-aq", "--filter", $"label=build={image}") == "" && (await Docker.RunAsync("inspect", image)).ExitCode != 0;

    [Fact]
    public async Task A_build_has_its_context_its_arguments_labels_and_names()
    {
        var (image, other) = (Name("image"), Name("image"));
        var files = Folder(("Dockerfile", """
            # syntax=docker/dockerfile:1
            FROM busybox
            ARG COLOUR=red
            RUN echo $COLOUR > /colour
            WORKDIR /work
            COPY . .
            """), (".dockerignore", "*.tmp\nsecret\n!keep.tmp\n"), ("a.txt", "alpha"), ("x.tmp", ""), ("keep.tmp", ""), ("deep/b.txt", "beta"), ("secret/key", ""));
        File.SetUnixFileMode(files["deep/b.txt"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(files["link"], "deep/b.txt");
        var built = (await BuildAsync(files, "-t", image, "-t", other, "--build-arg", "COLOUR=blue", "--label", "said=\"$HOME\"")).Succeeded();
        Assert.Contains("[2/4] RUN echo $COLOUR > /colour", built.Error);
        Assert.Contains($"naming to docker.io/library/{image}:latest", built.Error);
        Assert.Equal(["blue", "beta", "500"], (await Docker.RunAsync("run", "--rm", other, "sh", "-c", "cat /colour link; echo; stat -c %a deep/b.txt")).Succeeded().Lines);
        Assert.Equal([".dockerignore", "Dockerfile", "a.txt", "deep", "keep.tmp", "link"], (await Docker.RunAsync("run", "--rm", image, "ls", "-A")).Succeeded().Lines);
        Assert.Equal("\"$HOME\"", await Docker.TextAsync("inspect", "-f", "{{.Config.Labels.said}}", image));
    }

    [Fact]
    public async Task What_was_built_before_is_said_to_be_cached()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", $"FROM busybox AS first\nRUN echo {image} > /early\nCOPY a.txt /\nRUN cat /a.txt > /late\n"), ("a.txt", "alpha"));
        Assert.DoesNotContain("CACHED", (await BuildAsync(files, "-t", image)).Succeeded().Error);
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", image);
        Assert.Equal(3, (await BuildAsync(files, "-t", image)).Succeeded().Error.Split("CACHED").Length - 1);
        Assert.Equal(id, await Docker.TextAsync("inspect", "-f", "{{.Id}}", image));
        files.Write("a.txt", "changed");
        Assert.Equal(1, (await BuildAsync(files, "-t", image)).Succeeded().Error.Split("CACHED").Length - 1);
        Assert.DoesNotContain("CACHED", (await BuildAsync(files, "--no-cache-filter", "first")).Succeeded().Error);
    }

    [Fact]
    public async Task A_target_ends_the_build_and_its_id_is_written()
    {
        var files = Folder(("Dockerfile", "FROM busybox AS first\nRUN echo 1 > /stage\nFROM first\nRUN false\n"));
        var built = (await RunAsync(Docker.Program, "build", "-q", "--target", "first", "--iidfile", files["id"], files.Path)).Succeeded();
        Assert.Equal(built.Text, files.Read("id"));
        Assert.Equal("1", await Docker.TextAsync("run", "--rm", built.Text, "cat", "/stage"));
    }

    [Fact]
    public async Task A_secret_is_seen_by_its_step_and_by_nothing_else()
    {
        var image = Name("image");
        var secret = Name("secret");
        var files = Folder(("Dockerfile", """
            FROM busybox
            RUN --mount=type=secret,id=token,mode=0440,uid=5 stat -c '%a %u' /run/secrets/token > /seen && test $(cat /run/secrets/token) = "$(cat /run/secrets/token)"
            RUN --mount=type=secret,id=token,env=TOKEN,target=/elsewhere test -n "$TOKEN" && test "$TOKEN" = "$(cat /elsewhere)"
            RUN --mount=type=secret,id=nosuch test ! -e /run/secrets/nosuch
            """), ("token", secret));
        (await BuildAsync(files, "-t", image, "--secret", $"id=token,src={files["token"]}")).Succeeded();
        Assert.Equal("440 5", await Docker.TextAsync("run", "--rm", image, "cat", "/seen"));
        Assert.Empty(await Docker.TextAsync("run", "--rm", image, "sh", "-c", "ls /run/secrets /elsewhere 2>/dev/null; grep -rl secret- /seen; true"));
        Assert.DoesNotContain(secret, await Docker.TextAsync("history", "--no-trunc", image));
        files.Write("Dockerfile", "FROM busybox\nRUN --mount=type=secret,id=token,required=true true\n");
        (await BuildAsync(files)).FailedSaying("secret token: not found");
    }

    [Fact]
    public async Task An_agents_keys_are_used_without_coming_over()
    {
        var debian = Name("image");
        (await Docker.RunAsync("import", TestTools.DebianRoot, debian)).Succeeded();
        const string ask = "import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ['SSH_AUTH_SOCK']); s.sendall(b'\\0\\0\\0\\1\\x0b'); a = s.makefile('rb').read(9); print('kind', a[4], 'keys', a[8])";
        var files = Folder(("Dockerfile", $"""
            FROM {debian}
            RUN --mount=type=ssh,required=true python3 -c "{ask}"
            RUN test ! -e /run/buildkit
            RUN --mount=type=ssh,id=other,required=true true
            """));
        (await new Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", files["key"]).RunAsync()).Succeeded();
        var built = (await BuildAsync(files, "--ssh", $"default={files["key"]}")).FailedSaying("no SSH agent \"other\"");
        Assert.Contains("kind 12 keys 1", built.Error);
    }

    [Fact]
    public async Task A_registry_gets_what_the_client_has_for_it_and_the_result()
    {
        await using var registry = await ReferenceRegistry.StartWithPasswordsAsync();
        var image = $"{registry.Address}/yourname/base:v1";
        var files = Folder(("Dockerfile", $"FROM busybox\nRUN echo {Name("content")} > /made\n"));
        (await BuildAsync(files, "-t", image, "--push")).EndedWith(1);
        (await Docker.RunWithInputAsync(ReferenceRegistry.Password, "login", "-u", ReferenceRegistry.User, "--password-stdin", registry.Address)).Succeeded();
        (await BuildAsync(files, "-t", image, "--push")).Succeeded();
        await Docker.TextAsync("rmi", image);
        files.Write("Dockerfile", $"FROM {image}\nRUN cat /made\n");
        var child = Name("image");
        Assert.Contains("content-", (await BuildAsync(files, "-t", child)).Succeeded().Error);
        (await Docker.RunAsync("logout", registry.Address)).Succeeded();
        (await Docker.RunAsync("rmi", child, image)).Succeeded();
    }

    [Fact]
    public async Task A_cache_in_a_registry_serves_where_nothing_was_built_before()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        var (image, cache) = (Name("image"), $"{registry.Address}/yourname/cache");
        var files = Folder(("Dockerfile", $"FROM busybox\nRUN echo {image} > /early\nCOPY a.txt /\nRUN cat /a.txt > /late\n"), ("a.txt", "alpha"));
        (await BuildAsync(files, "-t", image, "--cache-to", $"type=registry,ref={cache}")).Succeeded();
        Assert.Equal("", await Docker.TextAsync("images", "-q", cache));
        await Docker.TextAsync("rmi", image);
        var built = (await BuildAsync(files, "-t", image, "--cache-from", cache)).Succeeded();
        Assert.Equal(3, built.Error.Split("CACHED").Length - 1);
        Assert.Equal("", await Docker.TextAsync("images", "-q", cache));
        Assert.Equal("alpha", await Docker.TextAsync("run", "--rm", image, "cat", "/late"));
        Assert.Contains("ERROR", (await BuildAsync(files, "-t", image, "--cache-from", $"{registry.Address}/no/such")).Succeeded().Error);
        await Docker.TextAsync("rmi", image);

        files.Write("Dockerfile", $"FROM busybox AS maker\nRUN echo {image} > /made\nRUN cat /made > /kept\nFROM busybox\nCOPY --from=maker /kept /\n");
        (await BuildAsync(files, "-t", image, "--cache-to", $"type=registry,ref={cache}:max,mode=max")).Succeeded();
        await Docker.TextAsync("rmi", image);
        (await Docker.RunAsync("builder", "prune", "-af")).Succeeded();
        built = (await BuildAsync(files, "-t", image, "--cache-from", $"{cache}:max")).Succeeded();
        Assert.Equal(3, built.Error.Split("CACHED").Length - 1);
        Assert.Equal(image, await Docker.TextAsync("run", "--rm", image, "cat", "/kept"));
    }

    [Theory]
    [InlineData("FROM busybox\n\nNOSUCH thing\n", "dockerfile parse error on line 3: unknown instruction: NOSUCH", ">>> NOSUCH thing")]
    [InlineData("FROM busybox\nRUN true\nCOPY nosuchfile /\n", "nosuchfile", ">>> COPY nosuchfile /")]
    [InlineData("FROM busybox\nRUN echo said; exit 7\n", "process \"/bin/sh -c echo said; exit 7\" did not complete successfully: exit code: 7", ">>> RUN echo said; exit 7")]
    public async Task A_failure_points_at_its_line(string dockerfile, string problem, string line)
    {
        var image = Name("image");
        var failed = (await BuildAsync(Folder(("Dockerfile", dockerfile)), "-t", image, "--label", $"build={image}")).FailedSaying(problem);
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains(line, failed.Error);
        Assert.True(await NothingIsLeftOfAsync(image));
    }

    [Fact]
    public async Task A_mistake_is_told_with_its_column_and_what_is_remarkable_is_warned_of()
    {
        var files = Folder(("Dockerfile", "FROM busybox\nENV a\n"));
        (await BuildAsync(files)).FailedSaying("ENV must have two arguments: expected ENV NAME=VALUE... (Dockerfile:2:6)");
        files.Write("Dockerfile", "FROM busybox as first\nFROM first\nENV API_TOKEN=x\n");
        var warned = (await BuildAsync(files)).Succeeded();
        Assert.Contains("FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)", warned.Error);
        Assert.Contains("SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV \"API_TOKEN\") (line 3)", warned.Error);
        files.Write("Dockerfile", "# check=error=true\nFROM busybox as first\n");
        (await BuildAsync(files)).FailedSaying("lint violation found for rules: FromAsCasing");
    }

    [Fact]
    public async Task What_a_failing_command_said_is_shown()
    {
        var failed = (await BuildAsync(Folder(("Dockerfile", "FROM busybox\nRUN echo to one; echo to two >&2; exit 3\n")))).EndedWith(1);
        Assert.Contains("to one", failed.Error);
        Assert.Contains("to two", failed.Error);
    }

    [Fact]
    public async Task The_result_is_a_folder_a_tar_or_an_archive_of_the_image()
    {
        var name = Name("image");
        var files = Folder(("Dockerfile", "FROM scratch\nCOPY a.txt deep /out/\n"), ("a.txt", "alpha"), ("deep/b.txt", "beta"));
        File.SetUnixFileMode(files["deep/b.txt"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var results = Folder();

        (await BuildAsync(files, "--output", $"type=local,dest={results["local"]}")).Succeeded();
        Assert.Equal("alpha", results.Read("local/out/a.txt"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(results["local/out/b.txt"]));

        (await BuildAsync(files, "--output", $"type=tar,dest={results["result.tar"]}")).Succeeded();
        Assert.Equal("beta", (await new Command("tar", "-xOf", results["result.tar"], "out/b.txt").RunAsync()).Succeeded().Text);

        (await BuildAsync(files, "-t", name, "--output", $"type=oci,dest={results["oci.tar"]}")).Succeeded();
        using var index = JsonDocument.Parse((await new Command("tar", "-xOf", results["oci.tar"], "index.json").RunAsync()).Succeeded().Text);
        Assert.Equal($"docker.io/library/{name}:latest", index.RootElement.GetProperty("manifests")[0].GetProperty("annotations").GetProperty("io.containerd.image.name").GetString());
        (await Docker.RunAsync("inspect", name)).FailedSaying("no such");

        (await BuildAsync(files, "-t", name, "--output", $"type=docker,dest={results["docker.tar"]}")).Succeeded();
        (await Docker.RunAsync("load", "-i", results["docker.tar"])).Succeeded().Saying(name);
    }

    [Fact]
    public async Task A_context_comes_from_standard_input()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nCOPY a.txt /\n"), ("a.txt", "alpha"));
        (await new Command("tar", "-C", files.Path, "-cf", files["context.tar"], "Dockerfile", "a.txt").RunAsync()).Succeeded();
        (await RunAsync("sh", "-c", "exec \"$@\" <\"$0\"", files["context.tar"], Docker.Program, "build", "-t", image, "-")).Succeeded();
        Assert.Equal("alpha", await Docker.TextAsync("run", "--rm", image, "cat", "/a.txt"));
    }

    [Fact]
    public async Task A_build_that_is_interrupted_leaves_nothing()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", $"FROM busybox\nLABEL build={image}\nRUN echo begun; sleep 100\n"));
        (await RunAsync("timeout", "--signal=INT", "--kill-after=30", "3", Docker.Program, "build", "--progress", "plain", "-t", image, files.Path)).FailedSaying("cancel");
        await Eventually.HoldsAsync(() => NothingIsLeftOfAsync(image));
    }

    [Fact]
    public async Task A_named_context_is_a_folder_or_an_image_and_takes_the_place_of_a_stage_or_an_image()
    {
        var (image, other) = (Name("image"), Name("image"));
        var parts = Folder(("a.txt", "alpha"), ("deep/b.txt", "beta"), (".dockerignore", "*.tmp\n"), ("x.tmp", ""));
        (await BuildAsync(Folder(("Dockerfile", "FROM busybox\nRUN echo other > /kind\n")), "-t", other)).Succeeded();
        var files = Folder(("Dockerfile", """
            FROM nosuch.example/base AS base
            FROM busybox AS replaced
            RUN exit 1
            FROM base
            COPY --from=Parts . /parts/
            COPY --from=replaced a.txt /from-replaced
            RUN --mount=type=bind,from=parts,source=deep,target=/mnt cat /mnt/b.txt > /mounted
            """));
        (await BuildAsync(files, "-t", image, "--build-context", $"parts={parts.Path}", "--build-context", $"replaced={parts.Path}", "--build-context", $"nosuch.example/base=docker-image://{other}")).Succeeded();
        Assert.Equal(["other", "alpha", "beta", ".dockerignore", "a.txt", "deep"], (await Docker.RunAsync("run", "--rm", image, "sh", "-c", "cat /kind; cat /from-replaced; echo; cat /mounted; echo; ls -A /parts")).Succeeded().Lines);
        files.Write("Dockerfile", "FROM parts\nCOPY --from=busybox /bin/busybox /busybox\n");
        (await BuildAsync(files, "-t", image, "--build-context", $"parts={parts.Path}")).Succeeded();
        Assert.Equal("beta", await Docker.TextAsync("run", "--rm", image, "/busybox", "cat", "/deep/b.txt"));
        (await BuildAsync(files, "--build-context", "parts=oci-layout:///nowhere")).EndedWith(1);
    }

    [Fact]
    public async Task Several_builds_go_on_at_once()
    {
        var images = Enumerable.Range(0, 4).Select(_ => Name("image")).ToList();
        var files = images.Select(image => Folder(("Dockerfile", $"FROM busybox\nCOPY own /\nRUN sleep 0.2; cat /own > /made\n"), ("own", image))).ToList();
        var results = await Task.WhenAll(images.Zip(files, (image, folder) => BuildAsync(folder, "-t", image)));
        foreach (var result in results) result.Succeeded();
        foreach (var image in images) Assert.Equal(image, await Docker.TextAsync("run", "--rm", image, "cat", "/made"));
    }

    [Fact]
    public async Task A_client_from_before_buildx_builds_too()
    {
        var old = $"{(await new Command(Path.Combine(Repository.Root, "scripts", "unpacked"), "docker.io").RunAsync()).Text}/usr/bin/docker";
        if (!File.Exists(old) || !(await new Command(old, "--version").RunAsync()).Output.Contains(" 20.", StringComparison.Ordinal)) Assert.Skip("The distribution has no docker client that speaks BuildKit by itself.");
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token > /seen\nCOPY a.txt /\n"), ("a.txt", "alpha"), ("token", "12345"));
        var built = (await RunAsync(old, "build", "-q", "-t", image, "--secret", $"id=token,src={files["token"]}", files.Path)).Succeeded();
        Assert.Equal(built.Text, await Docker.TextAsync("inspect", "-f", "{{.Id}}", image));
        Assert.Equal("5\nalpha", await Docker.TextAsync("run", "--rm", image, "cat", "/seen", "/a.txt"));
        (await RunAsync(old, "build", "--progress", "plain", "--output", files["out"], files.Path)).Succeeded();
        Assert.Equal("alpha", files.Read("out/a.txt"));
        files.Write("Dockerfile", "FROM busybox\nRUN echo why; exit 7\n");
        Assert.Contains("why", (await RunAsync(old, "build", "--progress", "plain", files.Path)).FailedSaying("exit code: 7").Error);
    }

    [Fact]
    public async Task The_builder_tells_what_it_is_and_what_it_keeps()
    {
        (await BuildAsync(Folder(("Dockerfile", $"FROM busybox AS first\nRUN echo {Name("unlike")} > /one\nFROM busybox\nCOPY --from=first /one /two\n")))).Succeeded();
        (await Docker.RunAsync("buildx", "inspect")).Succeeded().Saying("running").Saying("linux/");
        Assert.Contains("true", (await Docker.RunAsync("buildx", "du")).Succeeded().Output);
        // Less than that is not pruned; what an image stands on is not told as what could be.
        var image = Name("image");
        (await BuildAsync(Folder(("Dockerfile", $"FROM busybox\nRUN echo {image} > /one\nRUN echo two > /two\n")), "-t", image)).Succeeded();
        (await Docker.RunAsync("buildx", "prune", "-f", "--keep-storage", "1TB")).Succeeded().Saying("0B");
        var key = Assert.Single((await Docker.RunAsync("buildx", "du", "--verbose")).Succeeded().Output.Split("\n\n"), step => step.Contains($"echo {image} >", StringComparison.Ordinal));
        Assert.Contains("Reclaimable:\tfalse", key);
        (await Docker.RunAsync("buildx", "prune", "-f", "--filter", "nosuch=x")).EndedWith(1);
    }
}
