using System.Text.Json;
using Yun.Oci;

namespace Yun.Tests.Oci;

public sealed class ImageConfigTests
{
    [Fact]
    public void A_configuration_as_Docker_writes_it_is_read_whole()
    {
        const string text = """
            {"architecture":"amd64","config":{"Hostname":"","User":"nobody","ExposedPorts":{"8000/tcp":{}},"Env":["PATH=/bin"],"Cmd":["sh"],"Entrypoint":null,
             "Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":30000000000,"Retries":3},"Volumes":{"/data":{}},"WorkingDir":"/w","OnBuild":["RUN x"],"Labels":{"a":"b"},
             "StopSignal":"SIGINT","Shell":["/bin/bash","-c"]},"container":"abc","created":"2024-05-18T20:17:50.123456789Z","docker_version":"20.10",
             "history":[{"created":"2024-05-18T20:17:50Z","created_by":"ADD x"},{"created_by":"CMD","empty_layer":true}],
             "os":"linux","variant":"v8","rootfs":{"type":"layers","diff_ids":["sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"]}}
            """;
        var config = JsonSerializer.Deserialize(text, ImageJson.Default.ImageConfig)!;
        Assert.Equal("nobody", config.Config!.User);
        Assert.Equal(["8000/tcp"], config.Config.ExposedPorts!.Keys);
        Assert.Equal(30_000_000_000, config.Config.Healthcheck!.Interval);
        Assert.Equal("2024-05-18T20:17:50.123456789Z", config.Created);
        Assert.Equal(2024, config.CreatedAt!.Value.Year);
        Assert.True(config.History![1].EmptyLayer);
        Assert.Equal("linux/amd64/v8", config.Platform.ToString());
        Assert.Single(config.Rootfs!.DiffIds);

        var again = JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(config, ImageJson.Default.ImageConfig), ImageJson.Default.ImageConfig)!;
        Assert.Equal(config.Config.Labels, again.Config!.Labels);
        Assert.Equal(config.History, again.History);
    }

    [Fact]
    public void A_command_may_be_one_string() =>
        Assert.Equal(["/run.sh"], JsonSerializer.Deserialize("""{"config":{"Cmd":"/run.sh"}}""", ImageJson.Default.ImageConfig)!.Config!.Cmd);

    [Fact]
    public void A_time_that_is_none_is_unknown() => Assert.Null(JsonSerializer.Deserialize("""{"created":"yesterday"}""", ImageJson.Default.ImageConfig)!.CreatedAt);

    [Theory]
    [InlineData("""{"rootfs":{"diff_ids":["sha256:../../x"]}}""")]
    [InlineData("""{"rootfs":{"diff_ids":["SHA256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"]}}""")]
    [InlineData("""{"rootfs":[]}""")]
    [InlineData("""{"config":{"Env":"x"}}""")]
    public void A_malformed_configuration_is_refused(string text) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(text, ImageJson.Default.ImageConfig));

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(string.Concat(Enumerable.Repeat("""{"config":""", 20_000)), ImageJson.Default.ImageConfig));
}
