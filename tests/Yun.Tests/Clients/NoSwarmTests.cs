using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

public sealed class NoSwarmTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory]
    [InlineData("node ls"), InlineData("service ls"), InlineData("secret ls"), InlineData("config ls"), InlineData("stack ls"), InlineData("service ps some"), InlineData("swarm join-token worker"), InlineData("network create -d overlay some")]
    public async Task What_needs_a_swarm_says_that_there_is_none(string command) =>
        (await Docker.RunAsync(command.Split(' '))).FailedSaying("This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.");

    [Fact]
    public async Task A_swarm_can_be_neither_made_nor_left()
    {
        (await Docker.RunAsync("swarm", "init")).FailedSaying("no swarm mode");
        (await Docker.RunAsync("swarm", "leave")).FailedSaying("This node is not part of a swarm");
        Assert.Equal("inactive", await Docker.TextAsync("info", "-f", "{{.Swarm.LocalNodeState}}"));
    }

    [Fact]
    public async Task There_are_no_plugins()
    {
        Assert.Equal("", await Docker.TextAsync("plugin", "ls", "-q"));
        (await Docker.RunAsync("plugin", "inspect", "some/plugin:1")).FailedSaying("plugin \"some/plugin:1\" not found");
        (await Docker.RunAsync("plugin", "rm", "some")).FailedSaying("plugin \"some");
        (await Docker.RunAsync("plugin", "install", "some/plugin")).FailedSaying("takes no plugins");
    }
}
