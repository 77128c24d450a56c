namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>The same image under a real dockerd and under this daemon, by the same client: what is seen from inside is the same, but for the differences that are listed with their reasons.</summary>
public sealed class DockerProfileTests(DaemonFixture fixture, RealDockerd dockerd, Probe probe) : EndToEndTest(fixture), IClassFixture<RealDockerd>, IClassFixture<Probe>
{
    public static TheoryData<string> Variants =>
    [
        "", "--privileged", "--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-drop CHOWN", "--cap-add ALL --cap-drop SYS_RESOURCE", "--cap-drop ALL", "--user 1000",
        "--security-opt seccomp=unconfined", "--security-opt no-new-privileges",
    ];

    private static string[] Options(string variant) => ["--network", "none", .. variant.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    [Theory, MemberData(nameof(Variants))]
    public async Task What_a_container_is_given_is_what_Docker_gives(string variant)
    {
        var theirs = await probe.FactsAsync(await dockerd.StartedAsync(), Options(variant));
        var ours = await probe.FactsAsync(Docker, Options(variant));
        Assert.Equal("", string.Join('\n', KnownDifferences.OfFacts(theirs, ours)));
    }

    [Theory, MemberData(nameof(Variants))]
    public async Task Every_system_call_is_answered_as_under_Docker(string variant)
    {
        var theirs = await probe.AnswersAsync(await dockerd.StartedAsync(), Options(variant));
        var ours = await probe.AnswersAsync(Docker, Options(variant));
        var unfiltered = await probe.AnswersAsync(Docker, [.. Options(variant), "--security-opt", "seccomp=unconfined"]);
        var capabilities = await probe.CapabilitiesAsync(Docker, Options(variant));
        Assert.Equal("", string.Join('\n', KnownDifferences.OfCalls(theirs, ours, unfiltered, capabilities)));
    }
}
