namespace Yun.Tests.EndToEnd;

public sealed class BuildTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private async Task<CommandResult> BuildAsync(string client, string image, ScratchFolder files, params string[] flags) =>
        await Daemon[client].RunAsync(["build", "-t", image, .. flags, files.Path]);

    [Theory, MemberData(nameof(Clients))]
    public async Task The_classic_instructions_do_what_they_say(string client)
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", """
            ARG TAG=latest
            FROM busybox:${TAG}
            ARG COLOUR=red
            ENV COLOUR=${COLOUR} SHAPE="a circle"
            LABEL maker=me
            WORKDIR /work
            WORKDIR deeper
            RUN echo "$COLOUR $SHAPE" > mark && echo sailor:x:1000:1000::/:/bin/sh >> /etc/passwd && echo sailor:x:1000: >> /etc/group
            COPY --chown=sailor:sailor --chmod=640 a.txt ./
            ADD packed.tar /unpacked/
            EXPOSE 80/tcp 53/udp
            VOLUME /data
            USER sailor
            STOPSIGNAL SIGUSR2
            HEALTHCHECK --interval=7s CMD test -e /work
            SHELL ["/bin/sh", "-ec"]
            ENTRYPOINT ["sh", "-c"]
            CMD ["pwd; id -un; cat mark; stat -c '%U %a' a.txt; cat /unpacked/inner"]
            """), ("a.txt", "alpha"), ("pack/inner", "inner\n"));
        (await new Command("tar", "-C", files["pack"], "-cf", files["packed.tar"], "inner").RunAsync()).Succeeded();
        var built = (await BuildAsync(client, image, files, "--build-arg", "COLOUR=blue")).Succeeded();
        Assert.Contains("Successfully tagged", built.Output);
        Assert.Equal(["/work/deeper", "sailor", "blue a circle", "sailor 640", "inner"], (await Docker.RunAsync("run", "--rm", image)).Succeeded().Lines);
        Assert.Equal("me sailor SIGUSR2 7s map[53/udp:{} 80/tcp:{}] map[/data:{}] [/bin/sh -ec]",
            await Docker.TextAsync("inspect", "-f", "{{.Config.Labels.maker}} {{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck.Interval}} {{.Config.ExposedPorts}} {{.Config.Volumes}} {{.Config.Shell}}", image));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_stage_gives_its_files_to_a_later_one(string client)
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", """
            FROM busybox AS maker
            RUN mkdir -p /out/bin && echo made > /out/bin/thing && ln -s thing /out/bin/link
            FROM busybox AS skipped
            RUN exit 1
            FROM busybox
            COPY --from=maker /out/ /got/
            COPY --from=0 /out/bin/thing /second
            RUN cat /got/bin/link /second > /both
            """));
        (await BuildAsync(client, image, files)).Succeeded();
        Assert.Equal(["made", "made"], (await Docker.RunAsync("run", "--rm", image, "cat", "/both")).Succeeded().Lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Stages_are_built_at_once_and_told_one_after_the_other(string client)
    {
        var image = Name("image");
        string Meet(string me, string other) => $"RUN --mount=type=cache,id={image},target=/meet touch /meet/{me}; for i in $(seq 300); do test -e /meet/{other} && echo {me} met {other} | tee /met && exit; sleep 0.1; done; exit 1";
        var files = Folder(("Dockerfile", $"""
            FROM busybox AS one
            {Meet("one", "two")}
            FROM busybox AS two
            {Meet("two", "one")}
            FROM busybox
            COPY --from=one /met /one
            COPY --from=two /met /two
            """));
        var said = (await BuildAsync(client, image, files)).Succeeded().Output;
        Assert.Equal(["one met two", "two met one"], (await Docker.RunAsync("run", "--rm", image, "cat", "/one", "/two")).Succeeded().Lines);
        string[] order = ["Step 1/7 : FROM", "Step 2/7 : RUN", "\none met two", "Step 3/7 : FROM", "Step 4/7 : RUN", "\ntwo met one", "Step 5/7 : FROM", "Step 7/7 : COPY", "Successfully built"];
        Assert.Equal(order, order.OrderBy(words => said.IndexOf(words, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stage_that_fails_stops_the_others()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", $"FROM busybox AS slow\nLABEL build={image}\nRUN sleep 300\nFROM busybox AS wrong\nRUN echo why; exit 5\nFROM slow\nCOPY --from=wrong / /\n"));
        var failed = (await BuildAsync("docker", image, files)).FailedSaying("returned a non-zero code: 5");
        Assert.Contains("why", failed.Output);
        Assert.Equal("", await Docker.TextAsync("ps", "-aq", "--filter", $"label=build={image}"));
    }

    [Fact]
    public async Task A_build_that_is_broken_off_at_any_instant_leaves_no_process()
    {
        var seconds = $"{Random.Shared.Next(100_000, 1_000_000)}";
        var files = Folder(("Dockerfile", $"FROM busybox\nRUN sleep {seconds}\n"));
        for (var milliseconds = 60; milliseconds < 500; milliseconds += 40)
        {
            using var build = Docker.Command("build", files.Path).Start();
            await Task.Delay(milliseconds);
            build.Kill();
            await build.WaitForExitAsync();
        }
        await Eventually.HoldsAsync(async () => (await new Command("pgrep", "-fx", $"(/bin/sh -c )?sleep {seconds}").RunAsync()).Output == "");
    }

    [Fact]
    public async Task A_step_that_two_stages_share_is_done_once()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", $"FROM busybox AS one\nRUN echo {image} > /shared; od -N8 -tx8 /dev/urandom > /random\nFROM busybox AS two\nRUN echo {image} > /shared; od -N8 -tx8 /dev/urandom > /random\nFROM busybox\nCOPY --from=one /random /one\nCOPY --from=two /random /two\nRUN cmp /one /two\n"));
        (await BuildAsync("docker", image, files)).Succeeded();
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task What_is_built_twice_for_one_source_date_is_the_same_to_the_last_bit(string client)
    {
        var (image, again) = (Name("image"), Name("image"));
        var files = Folder(("Dockerfile", "FROM busybox\nWORKDIR /built\nCOPY . .\nRUN mkdir -p deep/er && echo made > deep/er/file && ln -s file deep/er/link && rm a.txt\nLABEL a=b\n"), ("a.txt", "alpha"));
        (await BuildAsync(client, image, files, "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")).Succeeded();
        File.SetLastWriteTimeUtc(files["a.txt"], DateTime.UtcNow.AddHours(1));
        await Task.Delay(1100); // until the clock shows another second
        (await BuildAsync(client, again, files, "--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")).Succeeded();
        Assert.Equal(await Docker.TextAsync("inspect", "-f", "{{.Id}}", image), await Docker.TextAsync("inspect", "-f", "{{.Id}}", again));
        Assert.Equal("2023-11-14T22:13:20Z", await Docker.TextAsync("inspect", "-f", "{{.Created}}", image));
        Assert.Equal("1700000000", await Docker.TextAsync("run", "--rm", image, "stat", "-c", "%Y", "/built/deep/er/file"));
        (await BuildAsync(client, again, files, "--build-arg", "SOURCE_DATE_EPOCH=yesterday")).FailedSaying("expected seconds since 1970");
    }

    [Fact]
    public async Task The_result_is_also_put_into_folders_and_archives()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM scratch\nCOPY a.txt deep /out/\n"), ("a.txt", "alpha"), ("deep/b.txt", "beta"));
        var results = Folder();
        (await BuildAsync("yun", image, files, "-o", results["local"], "-o", $"type=tar,dest={results["files.tar"]}", "-o", $"type=oci,dest={results["image.tar"]}")).Succeeded();
        Assert.Equal("alpha", results.Read("local/out/a.txt"));
        Assert.Equal("beta", (await new Command("tar", "-xOf", results["files.tar"], "out/b.txt").RunAsync()).Succeeded().Text);
        await Docker.TextAsync("rmi", image);
        (await Docker.RunAsync("load", "-i", results["image.tar"])).Succeeded().Saying(image);
        var shell = Daemon.Yun.CommandOf("sh", "-c", "\"$0\" build -o - \"$1\" | tar -xO out/a.txt", Daemon.Yun.Program, files.Path);
        Assert.Equal("alpha", (await shell.RunAsync()).Succeeded().Output);
        (await BuildAsync("yun", image, files, "-o", "type=magic,dest=x")).FailedSaying("expected type=local, tar, docker or oci");
        (await BuildAsync("yun", image, files, "-o", "type=tar")).FailedSaying("dest is required");
    }

    [Fact]
    public async Task A_target_ends_the_build_there()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox AS first\nRUN echo 1 > /stage\nFROM first\nRUN echo 2 > /stage\n"));
        (await BuildAsync("docker", image, files, "--target", "first")).Succeeded();
        Assert.Equal("1", await Docker.TextAsync("run", "--rm", image, "cat", "/stage"));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Here_documents_are_scripts_and_files(string client)
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", """"
            FROM busybox
            ARG WHO=world
            RUN <<EOF
            set -e
            echo first > /a
            echo second >> /a
            EOF
            COPY <<one <<"two" /files/
            hello ${WHO}
            one
            hello ${WHO}
            two
            """"));
        (await BuildAsync(client, image, files)).Succeeded();
        Assert.Equal(["first", "second", "hello world", "hello ${WHO}"], (await Docker.RunAsync("run", "--rm", image, "cat", "/a", "/files/one", "/files/two")).Succeeded().Lines);
    }

    [Fact]
    public async Task Ignored_files_are_not_in_the_context()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nCOPY . /context\n"), (".dockerignore", "# comment\n**/*.tmp\nsecret\n!keep.tmp\n"), ("a", ""), ("x.tmp", ""), ("deep/y.tmp", ""), ("keep.tmp", ""), ("secret/key", ""));
        (await BuildAsync("docker", image, files)).Succeeded();
        var found = (await Docker.RunAsync("run", "--rm", image, "find", "/context", "-type", "f")).Succeeded().Lines;
        Assert.Equal(["/context/.dockerignore", "/context/Dockerfile", "/context/a", "/context/keep.tmp"], found.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task The_cache_is_used_until_the_content_of_a_copied_file_changes(string client)
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nRUN echo early > /early\nCOPY a.txt /\nRUN cat /a.txt > /late\n"), ("a.txt", Name("content")));
        (await BuildAsync(client, image, files)).Succeeded();
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", image);
        File.SetLastWriteTimeUtc(files["a.txt"], DateTime.UtcNow.AddHours(-5));
        var again = (await BuildAsync(client, image, files)).Succeeded();
        Assert.Equal(3, again.Output.Split("Using cache").Length - 1);
        Assert.Equal(id, await Docker.TextAsync("inspect", "-f", "{{.Id}}", image));
        files.Write("a.txt", "changed");
        var changed = (await BuildAsync(client, image, files)).Succeeded();
        Assert.Equal(1, changed.Output.Split("Using cache").Length - 1);
        Assert.Equal("changed", await Docker.TextAsync("run", "--rm", image, "cat", "/late"));
        Assert.DoesNotContain("Using cache", (await BuildAsync(client, image, files, "--no-cache")).Succeeded().Output);
        // Told where to look, it looks nowhere else.
        Assert.Equal(3, (await BuildAsync(client, image, files, "--cache-from", image)).Succeeded().Output.Split("Using cache").Length - 1);
        Assert.DoesNotContain("Using cache", (await BuildAsync(client, image, files, "--cache-from", "nosuchimage")).Succeeded().Output);
    }

    [Fact]
    public async Task Triggers_fire_in_the_image_built_upon()
    {
        var image = Name("image");
        var child = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nONBUILD COPY a.txt /\nONBUILD RUN cat /a.txt > /b\n"), ("a.txt", "alpha"));
        (await BuildAsync("docker", image, files)).Succeeded();
        (await Docker.RunAsync("run", "--rm", image, "test", "-e", "/b")).EndedWith(1);
        files.Write("Dockerfile", $"FROM {image}\n");
        (await BuildAsync("docker", child, files)).Succeeded();
        Assert.Equal("alpha", await Docker.TextAsync("run", "--rm", child, "cat", "/b"));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_failing_step_ends_the_build_with_its_exit_code_in_the_message(string client)
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nRUN echo said; exit 7\n"));
        var result = (await BuildAsync(client, image, files)).FailedSaying("returned a non-zero code: 7");
        Assert.Contains("said", result.Output);
        (await Docker.RunAsync("inspect", image)).FailedSaying("no such");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_error_in_a_Dockerfile_is_told_with_its_line(string client)
    {
        var files = Folder(("Dockerfile", "FROM busybox\n\nNOSUCH thing\n"));
        (await BuildAsync(client, Name("image"), files)).FailedSaying("line 3");
        files.Write("Dockerfile", "RUN true\n");
        (await BuildAsync(client, Name("image"), files)).FailedSaying("FROM");
        files.Write("Dockerfile", "FROM busybox\nCOPY nosuchfile /\n");
        (await BuildAsync(client, Name("image"), files)).FailedSaying("nosuchfile");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_error_in_a_Dockerfile_is_shown_with_file_line_and_column(string client)
    {
        var files = Folder(("deep/some.Dockerfile", "FROM busybox\nRUN true\nCOPY \\\n  --form=x a b\n"), ("a", ""));
        var failed = (await BuildAsync(client, Name("image"), files, "-f", files["deep/some.Dockerfile"])).FailedSaying("unknown flag: --form (did you mean from?) (deep/some.Dockerfile:4:3)");
        Assert.Contains("  4 |   --form=x a b\n    |   ^", failed.Error);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task What_a_Dockerfile_probably_does_not_mean_is_warned_of_and_ends_the_build_where_it_asks_for_that(string client)
    {
        const string lines = "FROM busybox\nARG there\nENV here=1\nRUN echo $unseen\nWORKDIR /$here/$ther$there\nCMD true\n";
        var told = (await BuildAsync(client, Name("image"), Folder(("Dockerfile", lines)))).Succeeded();
        Assert.Contains("JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 6)", told.Output);
        Assert.Contains("UndefinedVar: Usage of undefined variable '$ther' (line 5)", told.Output.Replace(" (did you mean $here?)", "", StringComparison.Ordinal));
        Assert.DoesNotContain("unseen'", told.Output);
        Assert.DoesNotContain("JSONArgs", (await BuildAsync(client, Name("image"), Folder(("Dockerfile", "# check=skip=JSONArgsRecommended,UndefinedVar\n" + lines)))).Succeeded().Output);
        (await BuildAsync(client, Name("image"), Folder(("Dockerfile", "# check=error=true\n" + lines)))).FailedSaying("lint violation found for rules: JSONArgsRecommended");
        (await BuildAsync(client, Name("image"), Folder(("Dockerfile", lines)), "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=JSONArgsRecommended;error=true")).FailedSaying("lint violation found for rules: UndefinedVar");
    }

    [Fact]
    public async Task Secrets_and_agents_are_handed_to_the_steps_that_ask_for_them_and_to_nothing_else()
    {
        var (image, secret) = (Name("image"), Name("secret"));
        var debian = Name("image");
        (await Docker.RunAsync("import", TestTools.DebianRoot, debian)).Succeeded();
        const string ask = "import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ['SSH_AUTH_SOCK']); s.sendall(b'\\0\\0\\0\\1\\x0b'); a = s.makefile('rb').read(9); print('kind', a[4], 'keys', a[8])";
        var files = Folder(("context/Dockerfile", $"""
            FROM {debian}
            RUN --mount=type=secret,id=token,required=true wc -c < /run/secrets/token > /seen
            RUN --mount=type=ssh,required=true python3 -c "{ask}" && python3 -c "{ask}"
            """), ("token", secret));
        (await new Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", files["key"]).RunAsync()).Succeeded();
        var built = (await Daemon.Yun.CommandOf("ssh-agent", "sh", "-c", $"ssh-add -q {files["key"]} && exec \"$@\"", "sh",
            Daemon.Yun.Program, "build", "-t", image, "--secret", $"id=token,src={files["token"]}", "--ssh", "default", files["context"]).RunAsync()).Succeeded();
        Assert.Equal(2, built.Output.Split("kind 12 keys 1").Length - 1);
        Assert.DoesNotContain(secret, await Docker.TextAsync("history", "--no-trunc", image));
        Assert.Equal($"{secret.Length}", await Docker.TextAsync("run", "--rm", image, "sh", "-c", "cat /seen; ls -A /run/secrets 2>/dev/null; true"));
        (await Daemon.Yun.RunAsync("build", "--no-cache", files["context"])).FailedSaying("secret token: not found");
        (await Daemon.Yun.RunAsync("build", "--secret", $"id=token,src={files["nosuch"]}", files["context"])).FailedSaying("cannot read the secret token");
        (await Daemon.Yun.RunAsync("build", "--no-cache", "--secret", $"id=token,src={files["token"]}", "--ssh", $"default={files["key"]}", files["context"])).Succeeded().Saying("kind 12 keys 1");
        (await new Command("ssh-keygen", "-q", "-p", "-P", "", "-N", "passphrase", "-f", files["key"]).RunAsync()).Succeeded();
        (await Daemon.Yun.RunAsync("build", "--ssh", $"default={files["key"]}", files["context"])).FailedSaying("it has a passphrase; add it to an agent");
    }

    [Fact]
    public async Task On_a_terminal_every_running_step_has_a_line_of_its_own()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", $"FROM busybox AS one\nRUN echo {image}; echo said-by-one; sleep 1\nFROM busybox AS two\nRUN echo {image}; echo said-by-two; sleep 1\nFROM one\nCOPY --from=two /bin/true /\n"));
        await using var terminal = Daemon.Yun.OnTerminal($"build -t {image} {files.Path}");
        await terminal.SeeAsync("said-by-one");
        Assert.Equal(0, await terminal.ExitCodeAsync());
        var seen = terminal.Seen;
        Assert.Contains("Successfully tagged", seen);
        Assert.Contains("=> [one 2/2] RUN echo", seen);
        Assert.Contains("said-by-two", seen);
        Assert.DoesNotContain("Step 1/", seen);
        (await Daemon.Yun.RunAsync("build", "-t", image, files.Path)).Succeeded().Saying("Step 1/").Saying("Using cache");
        files.Write("Dockerfile", "FROM busybox\nRUN echo why-it-failed; exit 3\n");
        var failed = await Daemon.Yun.RunAsync("build", "--progress", "tty", files.Path);
        Assert.Equal(3, failed.ExitCode);
        Assert.Contains("FAILED [2/2] RUN", failed.Output);
        Assert.Contains("why-it-failed", failed.Output);
    }

    [Fact]
    public async Task A_context_from_standard_input_is_built()
    {
        var image = Name("image");
        (await Docker.RunWithInputAsync("FROM busybox\nRUN echo from-stdin > /a\n", "build", "-t", image, "-")).Succeeded();
        Assert.Equal("from-stdin", await Docker.TextAsync("run", "--rm", image, "cat", "/a"));
    }

    [Fact]
    public async Task A_copy_cannot_leave_the_context()
    {
        var files = Folder(("context/Dockerfile", "FROM busybox\nCOPY ../outside /\n"), ("outside", "x"), ("context/a", ""));
        Assert.NotEqual(0, (await Docker.RunAsync("build", "-t", Name("image"), files["context"])).ExitCode);
        files.Write("context/Dockerfile", "FROM busybox\nCOPY link /got\n");
        File.CreateSymbolicLink(files["context/link"], "/etc/shadow");
        Assert.NotEqual(0, (await Docker.RunAsync("build", "-t", Name("image"), files["context"])).ExitCode);
    }
}
