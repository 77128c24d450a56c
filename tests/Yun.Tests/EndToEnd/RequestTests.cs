using System.Text.Json;

namespace Yun.Tests.EndToEnd;

/// <summary>What clients of other languages and of other days send.</summary>
public sealed class RequestTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory]
    [InlineData("{invalid json", "invalid JSON: invalid character 'i' looking for beginning of object key string")]
    [InlineData("{} trailing", "unexpected content after JSON")]
    [InlineData("{\"a\": tru}", "invalid JSON: invalid character '}' in literal true (expecting 'e')")]
    [InlineData("{\"a\": [1, 2", "invalid JSON: unexpected EOF")]
    [InlineData("{\"a\" 1}", "invalid JSON: invalid character '1' after object key")]
    [InlineData("{\"a\": 1 \"b\"}", "invalid JSON: invalid character '\"' after object key:value pair")]
    public async Task A_body_that_is_no_JSON_is_refused_in_Docker_s_words(string body, string words)
    {
        using var api = new PlainApi(Daemon);
        var (status, text) = await api.SendAsync("POST", "/volumes/create", body);
        Assert.Equal(400, status);
        Assert.Equal(words, JsonDocument.Parse(text).RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public async Task What_a_web_page_could_post_is_refused()
    {
        using var api = new PlainApi(Daemon);
        var (status, text) = await api.SendAsync("POST", "/volumes/create", "{}", "text/plain");
        Assert.Equal(400, status);
        Assert.Contains("unsupported Content-Type header (text/plain)", text);
    }

    [Fact]
    public async Task A_client_of_an_older_API_gets_what_its_words_meant()
    {
        using var api = new PlainApi(Daemon);
        var (old, today) = (Name(), Name());
        Assert.Equal(201, (await api.SendAsync("POST", $"/v1.39/containers/create?name={old}", """{"Image":"busybox"}""")).Status);
        Assert.Equal(201, (await api.SendAsync("POST", $"/containers/create?name={today}", """{"Image":"busybox"}""")).Status);
        Assert.Equal("shareable private", string.Join(' ', (await Docker.RunAsync("inspect", "-f", "{{.HostConfig.IpcMode}}", old, today)).Lines));
        var (status, text) = await api.SendAsync("POST", "/v1.43/containers/create", """{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":{"one":{},"two":{}}}}""");
        Assert.Equal(400, status);
        Assert.Contains("Container cannot be created with multiple network endpoints", text);
    }

    [Theory]
    [InlineData("/v1.43", "rw")]
    [InlineData("", "ro")]
    public async Task A_read_only_bind_reaches_what_is_mounted_in_it_since_API_1_44(string version, string word)
    {
        using var api = new PlainApi(Daemon);
        var name = Name();
        var body = """{"Image":"busybox","Cmd":["grep"," /dev/shm ","/proc/self/mountinfo"],"HostConfig":{"IpcMode":"none","Binds":["/dev:/dev:ro"]}}""";
        Assert.Equal(201, (await api.SendAsync("POST", $"{version}/containers/create?name={name}", body)).Status);
        Assert.Contains($" /dev/shm {word},", (await Docker.RunAsync("start", "-a", name)).Succeeded().Text);
    }

    [Fact]
    public async Task An_image_s_configuration_has_all_the_fields_that_clients_read()
    {
        using var api = new PlainApi(Daemon);
        static IEnumerable<string> Fields(string text) => JsonDocument.Parse(text).RootElement.GetProperty("Config").EnumerateObject().Select(property => property.Name);
        string[] always = ["Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "User", "Volumes", "WorkingDir"];
        Assert.Empty(always.Except(Fields((await api.SendAsync("GET", "/images/busybox/json")).Text)));
        Assert.Empty(always.Concat(["Hostname", "Image", "Tty", "AttachStdout"]).Except(Fields((await api.SendAsync("GET", "/v1.45/images/busybox/json")).Text)));
    }

    [Theory]
    [InlineData("/containers/json?filters={\"exited\":[\"x\"]}")]
    [InlineData("/containers/json?filters={\"health\":[\"x\"]}")]
    [InlineData("/containers/json?filters={\"is-task\":[\"x\"]}")]
    [InlineData("/images/json?filters={\"dangling\":[\"x\"]}")]
    public async Task A_filter_s_value_that_cannot_be_is_refused(string path)
    {
        using var api = new PlainApi(Daemon);
        var (status, text) = await api.SendAsync("GET", path);
        Assert.Equal(400, status);
        Assert.Contains("invalid filter", text);
    }

    [Theory]
    [InlineData("""{"Image":"busybox","HostConfig":{"VolumesFrom":["nosuch"]}}""", "No such container: nosuch")]
    [InlineData("""{"Image":"busybox","HostConfig":{"Links":["nosuch"]}}""", "could not get container for nosuch")]
    [InlineData("""{"Image":"busybox","HostConfig":{"Annotations":{"":"a"}}}""", "the empty string is not permitted as an annotation key")]
    [InlineData("""{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":{"one":{"IPAMConfig":{"IPv4Address":"bad"}}}}}""", "invalid IPv4 address: bad")]
    [InlineData("""{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"aa80"}]}}}""", "invalid port specification: \\u0022aa80\\u0022")]
    public async Task A_container_that_cannot_be_is_refused_when_it_is_made(string body, string words)
    {
        using var api = new PlainApi(Daemon);
        var (status, text) = await api.SendAsync("POST", "/containers/create", body);
        Assert.Equal(400, status);
        Assert.Contains(words, text);
    }

    [Fact]
    public async Task A_limit_of_processes_is_taken_away_by_zero()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "--pids-limit", "32", "busybox", "sleep", "1000");
        using var api = new PlainApi(Daemon);
        Assert.Equal(200, (await api.SendAsync("POST", $"/containers/{name}/update", """{"PidsLimit":0}""")).Status);
        Assert.Equal("max", await Docker.TextAsync("exec", name, "sh", "-c", "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null || true"));
    }

    [Fact]
    public async Task The_data_root_is_mounted_into_a_container_only_so_that_it_follows()
    {
        var name = Name();
        await Docker.TextAsync("create", "--name", name, "-v", $"{Daemon.DataRoot}:/data", "busybox");
        Assert.Equal("rslave", await Docker.TextAsync("inspect", "-f", "{{(index .Mounts 0).Propagation}}", name));
        (await Docker.RunAsync("create", "-v", $"{Daemon.DataRoot}:/data:private", "busybox")).FailedSaying("must use either propagation mode \"rslave\" or \"rshared\"");
    }
}
