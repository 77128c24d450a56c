using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Tests.Node.Builds;

public sealed class ConfigChangeTests
{
    private static (ImageRunConfig Config, List<string> Comments) Apply(ImageRunConfig config, params string[] lines)
    {
        var set = false;
        return (config, [.. lines.Select(line => ConfigChange.Apply(Dockerfile.ParseInstructions(line)[0], config, ref set))]);
    }

    [Theory]
    [InlineData("CMD [\"nginx\", \"-g\", \"daemon off;\"]", "CMD [\"nginx\" \"-g\" \"daemon off;\"]")]
    [InlineData("CMD echo hi", "CMD [\"/bin/sh\" \"-c\" \"echo hi\"]")]
    [InlineData("ENTRYPOINT []", "ENTRYPOINT []")]
    [InlineData("ENV a=b c=d", "ENV a=b c=d")]
    [InlineData("LABEL a=b", "LABEL a=b")]
    [InlineData("EXPOSE 80 53/udp", "EXPOSE 53/udp 80")]
    [InlineData("USER a:b", "USER a:b")]
    [InlineData("VOLUME /a /b", "VOLUME [/a /b]")]
    [InlineData("WORKDIR a/../b", "WORKDIR /b")]
    [InlineData("STOPSIGNAL SIGRTMIN+3", "STOPSIGNAL SIGRTMIN+3")]
    [InlineData("SHELL [\"/bin/bash\", \"-c\"]", "SHELL [/bin/bash -c]")]
    [InlineData("ONBUILD RUN a", "ONBUILD RUN a")]
    [InlineData("HEALTHCHECK --interval=5m --retries=3 CMD curl x", "HEALTHCHECK &{[\"CMD-SHELL\" \"curl x\"] \"5m0s\" \"0s\" \"0s\" \"0s\" '\\x03'}")]
    public void History_has_dockers_words(string line, string comment) => Assert.Equal([comment], Apply(new ImageRunConfig(), line).Comments);

    [Fact]
    public void The_shell_form_uses_the_shell_in_force()
    {
        var (config, _) = Apply(new ImageRunConfig(), "SHELL [\"/bin/bash\", \"-ec\"]", "CMD a b");
        Assert.Equal(["/bin/bash", "-ec", "a b"], config.Cmd);
        Assert.Equal("/bin/bash -ec #(nop)  CMD x", ConfigChange.NopCommand(config, "CMD x"));
    }

    [Fact]
    public void An_entrypoint_takes_away_a_command_that_was_inherited_and_no_other()
    {
        Assert.Null(Apply(new ImageRunConfig { Cmd = ["old"] }, "ENTRYPOINT [\"e\"]").Config.Cmd);
        Assert.Equal(["new"], Apply(new ImageRunConfig { Cmd = ["old"] }, "CMD [\"new\"]", "ENTRYPOINT [\"e\"]").Config.Cmd);
    }

    [Fact]
    public void Variables_are_replaced_in_their_place()
    {
        var (config, _) = Apply(new ImageRunConfig { Env = ["A=1", "B=2"] }, "ENV A=3 C=4");
        Assert.Equal(["A=3", "B=2", "C=4"], config.Env);
    }

    [Fact]
    public void Folders_count_from_the_folder_before()
    {
        var (config, _) = Apply(new ImageRunConfig(), "WORKDIR /a", "WORKDIR b", "WORKDIR ../../../../c");
        Assert.Equal("/c", config.WorkingDir);
    }

    [Fact]
    public void Ports_may_be_ranges() =>
        Assert.Equal(["53/udp", "8000/tcp", "8001/tcp"], Apply(new ImageRunConfig(), "EXPOSE 8000-8001 53/UDP").Config.ExposedPorts!.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("EXPOSE abc", "invalid containerPort: abc")]
    [InlineData("EXPOSE 80/icmp", "invalid proto: icmp")]
    [InlineData("EXPOSE 99999", "invalid containerPort: 99999")]
    [InlineData("STOPSIGNAL SIGFOO", "dockerfile line 1: invalid signal: SIGFOO")]
    [InlineData("RUN a", "dockerfile line 1: RUN is not a valid change command")]
    public void An_impossible_value_is_refused(string line, string message) =>
        Assert.Equal(message, Assert.Throws<EngineException>(() => Apply(new ImageRunConfig(), line)).Message);

    [Fact]
    public void A_copy_does_not_change_with_the_original()
    {
        var original = new ImageRunConfig { Env = ["A=1"], Labels = new() { ["a"] = "b" } };
        var copy = ConfigChange.Copy(original);
        Apply(original, "ENV A=2", "LABEL a=c");
        Assert.Equal(("A=1", "b"), (copy.Env![0], copy.Labels!["a"]));
    }
}
