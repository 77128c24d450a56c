namespace Yun.Tests.EndToEnd;

/// <summary>Legacy links, on the default bridge.</summary>
public sealed class LinkTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Fact]
    public async Task A_linked_container_is_known_by_its_alias_and_told_of_in_variables()
    {
        var (server, client) = (Name("server"), Name("client"));
        await Docker.TextAsync("run", "-d", "--name", server, "-e", "COLOUR=blue", "--expose", "6379", "busybox", "sleep", "1000");
        await Docker.TextAsync("run", "-d", "--name", client, "--link", $"{server}:the-db", "busybox", "sleep", "1000");
        var address = await Docker.TextAsync("inspect", "-f", "{{.NetworkSettings.IPAddress}}", server);
        var variables = (await Docker.RunAsync("exec", client, "env")).Succeeded().Lines;
        Assert.Contains($"THE_DB_PORT_6379_TCP=tcp://{address}:6379", variables);
        Assert.Contains($"THE_DB_NAME=/{client}/the-db", variables);
        Assert.Contains("THE_DB_ENV_COLOUR=blue", variables);
        (await Docker.RunAsync("exec", client, "ping", "-c1", "the-db")).Succeeded();
        Assert.Contains($"{client}/the-db", await Docker.TextAsync("ps", "--no-trunc", "--format", "{{.Names}}", "--filter", $"name={server}"));
    }

    [Fact]
    public async Task A_link_keeps_to_its_container_when_that_is_renamed_and_can_be_removed_alone()
    {
        var (server, renamed, client) = (Name("server"), Name("renamed"), Name("client"));
        await Docker.TextAsync("create", "--name", server, "busybox");
        await Docker.TextAsync("create", "--name", client, "--link", $"{server}:db", "busybox");
        await Docker.TextAsync("rename", server, renamed);
        Assert.Equal($"[/{renamed}:/{client}/db]", await Docker.TextAsync("inspect", "-f", "{{.HostConfig.Links}}", client));
        await Docker.TextAsync("rm", "--link", $"{client}/db");
        Assert.Equal("[]", await Docker.TextAsync("inspect", "-f", "{{.HostConfig.Links}}", client));
    }
}
