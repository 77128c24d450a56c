using Yun.Node.Builds;
using Yun.Oci;

namespace Yun.Tests.Node.Builds;

// What CVE-2024-24557 was about: each of these once did not change the key of moby's classic builder.
public sealed class CacheStepTests
{
    private static readonly Digest s_parent = Digest.Of("parent"u8);

    private static CacheStep Step() => new(s_parent, "linux/amd64", "/bin/sh -c make", new ImageRunConfig { Env = ["A=1"] }, null, "");

    public static TheoryData<string, CacheStep> Others() => new()
    {
        { "parent", Step() with { Parent = Digest.Of("other"u8) } },
        { "scratch", Step() with { Parent = null } },
        { "platform", Step() with { Platform = "linux/arm64" } },
        { "build argument", Step() with { Command = "|1 V=2 /bin/sh -c make" } },
        { "mode", Step() with { Details = "755" } },
        { "author", Step() with { Author = "me" } },
        { "environment", Step() with { Config = new() { Env = ["A=2"] } } },
        { "health check", Step() with { Config = new() { Env = ["A=1"], Healthcheck = new() { Test = ["NONE"] } } } },
        { "health check's retries", Step() with { Config = new() { Env = ["A=1"], Healthcheck = new() { Test = ["NONE"], Retries = 2 } } } },
        { "trigger", Step() with { Config = new() { Env = ["A=1"], OnBuild = ["RUN a"] } } },
        { "stop signal", Step() with { Config = new() { Env = ["A=1"], StopSignal = "SIGINT" } } },
        { "shell", Step() with { Config = new() { Env = ["A=1"], Shell = ["/bin/bash"] } } },
        { "user", Step() with { Config = new() { Env = ["A=1"], User = "1" } } },
        { "folder", Step() with { Config = new() { Env = ["A=1"], WorkingDir = "/w" } } },
        { "label", Step() with { Config = new() { Env = ["A=1"], Labels = new() { ["a"] = "b" } } } },
        { "port", Step() with { Config = new() { Env = ["A=1"], ExposedPorts = new() { ["80/tcp"] = new() } } } },
        { "volume", Step() with { Config = new() { Env = ["A=1"], Volumes = new() { ["/v"] = new() } } } },
    };

    [Theory, MemberData(nameof(Others))]
    public void Steps_that_differ_have_different_keys(string what, CacheStep other) => Assert.True(Step().Key() != other.Key(), what);

    [Fact]
    public void The_same_step_has_the_same_key() => Assert.Equal(Step().Key(), Step().Key());
}
