using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

public sealed class ComposeTests(DaemonFixture fixture) : ComposeTest(fixture)
{
    [Theory, MemberData(nameof(Generations))]
    public async Task A_service_starts_when_what_it_depends_on_is_healthy(string generation)
    {
        var project = Project(generation, "health.yml");
        await project.TextAsync("up", "-d");
        Assert.Equal("healthy", await Docker.TextAsync("inspect", "-f", "{{.State.Health.Status}}", project.Container("database")));
        await Eventually.HoldsAsync(async () => (await project.RunAsync("exec", "-T", "page", "wget", "-qO-", "http://localhost/page")).Output.Contains("Address", StringComparison.Ordinal));
        Assert.Contains("healthy", await project.TextAsync("ps"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task A_service_does_not_start_when_what_it_depends_on_is_sick(string generation)
    {
        var project = Project(generation, "sick.yml");
        (await project.RunAsync("up", "-d")).FailedSaying("unhealthy");
        Assert.Equal("", await Docker.TextAsync("ps", "-q", "--filter", $"name={project.Container("page")}"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task Only_services_of_the_profiles_that_are_asked_for_run(string generation)
    {
        var project = Project(generation, "profiles.yml");
        await project.TextAsync("up", "-d");
        Assert.Equal([project.Container("page")], await NamesAsync(project));
        await project.TextAsync("--profile", "debug", "up", "-d");
        Assert.Equal([project.Container("debugger"), project.Container("page")], await NamesAsync(project));
        Assert.Equal("migrated", await project.TextAsync("run", "--rm", "migration"));
        await project.TextAsync("--profile", "debug", "down", "-t", "0");
        Assert.Equal("", await LeftOfAsync(project));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task Secrets_from_files_are_where_the_service_looks_for_them(string generation)
    {
        var project = Project(generation, "secrets.yml");
        File.WriteAllText(Path.Combine(project.Folder, "password.txt"), "open sesame\n");
        File.WriteAllText(Path.Combine(project.Folder, "token.txt"), "a token\n");
        Assert.Equal(["open sesame", "a token", "1000"], (await project.RunAsync("run", "--rm", "-T", "page")).Succeeded().Lines);
    }

    [Fact]
    public async Task Configs_from_files_and_from_the_compose_file_are_where_the_service_looks_for_them()
    {
        // Compose 1 knows configs only for swarms.
        var project = Project("2", "configs.yml");
        File.WriteAllText(Path.Combine(project.Folder, "page.conf"), "from a file\n");
        Assert.Equal(["from a file", "from the compose file"], (await project.RunAsync("run", "--rm", "-T", "page")).Succeeded().Lines);
    }

    [Fact]
    public async Task Images_are_built_by_BuildKits_protocol()
    {
        var project = Project("2", "buildkit.yml");
        project.Variables["DOCKER_BUILDKIT"] = "1";
        File.WriteAllText(Path.Combine(project.Folder, "token.txt"), "12345");
        Assert.Contains("page maker 2/2", (await project.RunAsync("build")).Succeeded().Output);
        Assert.Equal(["good morning", "5"], (await project.RunAsync("run", "--rm", "-T", "page")).Succeeded().Lines);
        Assert.Equal(["other"], (await project.RunAsync("run", "--rm", "-T", "other")).Succeeded().Lines);
        (await project.RunAsync("down", "--rmi", "all")).Succeeded();
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task A_scaled_service_answers_with_every_instance_under_its_name(string generation)
    {
        var project = Project(generation, "scale.yml");
        await project.TextAsync("up", "-d", "--scale", "worker=3");
        var addresses = (await Docker.TextAsync("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", project.Container("worker"), project.Container("worker", 2), project.Container("worker", 3))).Split('\n');
        Assert.Equal(3, addresses.Distinct().Count());
        var answer = await project.ExecAsync("client", "nslookup", "-type=a", "worker");
        Assert.All(addresses, address => Assert.Contains(address, answer));
        await project.TextAsync("up", "-d", "--scale", "worker=1", "-t", "0");
        Assert.Equal([project.Container("client"), project.Container("worker")], await NamesAsync(project));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task A_second_file_overrides_the_first(string generation)
    {
        Assert.Equal("hello from base", await Project(generation, "base.yml").TextAsync("run", "--rm", "-T", "page"));
        Assert.Equal("hello from override", await Project(generation, "base.yml", "override.yml").TextAsync("run", "--rm", "-T", "page"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task A_service_extends_one_of_another_file(string generation)
    {
        var said = await Project(generation, "extends.yml").TextAsync("run", "--rm", "-T", "page");
        Assert.StartsWith("hello extended", said);
        Assert.Matches(@"\s321\s+654\s", said);
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task A_service_is_built_from_its_stage_of_a_Dockerfile_with_arguments_and_labels(string generation)
    {
        var project = Project(generation, "build.yml");
        var image = project.Variables["IMAGE"] = Name("built");
        await project.TextAsync("build");
        Assert.Equal("hello from a built image", await project.TextAsync("run", "--rm", "-T", "page"));
        Assert.Equal("compose", await Docker.TextAsync("image", "inspect", "-f", "{{index .Config.Labels \"made.by\"}}", image));
        await project.TextAsync("down", "--rmi", "all");
        Assert.NotEqual(0, (await Docker.RunAsync("image", "inspect", image)).ExitCode);
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task Logs_of_all_services_are_followed_to_their_end_and_exit_codes_are_passed_on(string generation)
    {
        var project = Project(generation, "logs.yml");
        await project.TextAsync("up", "-d");
        var followed = await project.TextAsync("logs", "-f", "--no-color");
        Assert.All(new[] { "line 1", "line 2", "line 3", "last", "other" }, line => Assert.Contains(line, followed));
        (await project.RunAsync("up", "--exit-code-from", "second", "second")).EndedWith(3);
        Assert.Contains("other", (await project.RunAsync("logs", "--tail", "1", "second")).Succeeded().Text);
    }

    private async Task<string[]> NamesAsync(ComposeProject project) =>
        [.. (await Docker.RunAsync("ps", "--filter", $"label=com.docker.compose.project={project.Name}", "--format", "{{.Names}}")).Succeeded().Lines.Order(StringComparer.Ordinal)];
}
