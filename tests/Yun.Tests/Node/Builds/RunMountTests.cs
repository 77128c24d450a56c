using Yun.Node.Builds.Dockerfiles;

namespace Yun.Tests.Node.Builds;

public sealed class RunMountTests
{
    [Fact]
    public void A_mount_has_buildkits_defaults()
    {
        Assert.Equal(new RunMount("bind", null, null, "/x", true, null, null, null, null, null, null), RunMount.Parse("target=/x", default));
        Assert.Equal(new RunMount("cache", null, null, "/x", false, "i", "locked", 0x1C0, 5, null, null), RunMount.Parse("type=cache,dst=/x,id=i,sharing=locked,mode=0700,uid=5", default));
        Assert.Equal(new RunMount("tmpfs", null, null, "/x", false, null, null, null, null, null, 64 << 20), RunMount.Parse("type=tmpfs,target=/x,size=64m", default));
        Assert.False(RunMount.Parse("from=a,src=/b,target=/x,rw", default).ReadOnly);
    }

    [Theory]
    [InlineData("type=bind", "a target is required")]
    [InlineData("type=magic,target=/x", "unsupported mount type \"magic\": expected bind, cache, tmpfs, secret or ssh")]
    [InlineData("type=secret", "an id is required")]
    [InlineData("type=secret,id=s,sharing=locked", "sharing not allowed for \"secret\" type mounts")]
    [InlineData("type=cache,target=/x,env=X", "env not allowed for \"cache\" type mounts")]
    [InlineData("target=/x,required", "required not allowed for \"bind\" type mounts")]
    [InlineData("target=/x,bind-propagation=rshared", "unexpected key 'bind-propagation' in 'bind-propagation=rshared'")]
    [InlineData("target=/x,size=1", "unexpected key 'size' for mount type 'bind'")]
    [InlineData("target=/x,uid=1", "uid not allowed for \"bind\" type mounts")]
    [InlineData("type=cache,target=/x,sharing=maybe", "unsupported sharing value \"maybe\"")]
    [InlineData("type=cache,target=/x,mode=9", "invalid value 9 for mode")]
    [InlineData("target", "invalid field 'target' must be a key=value pair")]
    public void What_is_not_possible_is_refused(string text, string problem) =>
        Assert.Equal($"--mount={text}: {problem}", Assert.Throws<DockerfileException>(() => RunMount.Parse(text, default)).Problem);

    [Fact]
    public void Secrets_and_agents_have_buildkits_defaults()
    {
        Assert.Equal(new RunMount("secret", null, null, "/run/secrets/s", false, "a/s", null, null, null, null, null), RunMount.Parse("type=secret,id=a/s", default));
        Assert.Equal(new RunMount("secret", null, null, "/x/s", false, "s", null, 0x100, 5, null, null) { Required = true }, RunMount.Parse("type=secret,target=/x/s,mode=0400,uid=5,required", default));
        Assert.Equal(new RunMount("secret", null, null, "", false, "s", null, null, null, null, null) { Variable = "S" }, RunMount.Parse("type=secret,id=s,env=S", default));
        Assert.Equal(new RunMount("ssh", null, null, "", false, null, null, null, null, null, null), RunMount.Parse("type=ssh", default));
    }
}
