using Yun.Node.Builds;
using Yun.Oci;

namespace Yun.Tests.Node.Builds;

public sealed class BuildArgumentsTests
{
    private static BuildArguments Begin(params (string Name, string? Value)[] given) =>
        BuildArguments.Begin(given.ToDictionary(g => g.Name, g => g.Value), Platform.Parse("linux/arm64/v8"), null);

    [Fact]
    public void A_stage_sees_an_argument_only_after_declaring_it()
    {
        var arguments = Begin(("a", "given"));
        arguments.DeclareGlobal("b", "global");
        var stage = arguments.BeginStage();
        Assert.Empty(stage.Variables([]));
        stage.Declare("a", "default");
        stage.Declare("b", null);
        stage.Declare("c", "own");
        stage.Declare("d", null);
        Assert.Equal(new Dictionary<string, string> { ["a"] = "given", ["b"] = "global", ["c"] = "own" }, stage.Variables([]));
        Assert.Empty(arguments.BeginStage().Variables([]));
    }

    [Fact]
    public void A_given_value_beats_defaults_everywhere()
    {
        var arguments = Begin(("v", "2"));
        arguments.DeclareGlobal("v", "1");
        Assert.Equal("2", arguments.Global()["v"]);
        var stage = arguments.BeginStage();
        stage.Declare("v", "3");
        Assert.Equal(["v=2"], stage.ForRun([]));
    }

    [Fact]
    public void The_images_own_variables_win()
    {
        var stage = Begin(("a", "given")).BeginStage();
        stage.Declare("a", null);
        Assert.Equal("image", stage.Variables(["a=image"])["a"]);
        Assert.Empty(stage.ForRun(["a=image"]));
    }

    [Fact]
    public void Proxies_reach_run_undeclared_and_leave_no_trace()
    {
        var stage = Begin(("HTTP_PROXY", "http://p")).BeginStage();
        Assert.Equal(["HTTP_PROXY=http://p"], stage.ForRun([]));
        Assert.Empty(stage.ForHistory([]));
        stage.Declare("HTTP_PROXY", null);
        Assert.Equal(["HTTP_PROXY=http://p"], stage.ForHistory([]));
    }

    [Fact]
    public void The_platform_is_known_to_from_and_after_declaring_it()
    {
        var arguments = Begin();
        Assert.Equal(("linux/arm64", "arm64", Platform.Host.ToString()), (arguments.Global()["TARGETPLATFORM"], arguments.Global()["TARGETARCH"], arguments.Global()["BUILDPLATFORM"]));
        var stage = arguments.BeginStage();
        Assert.DoesNotContain("TARGETARCH", stage.Variables([]).Keys);
        stage.Declare("TARGETARCH", null);
        Assert.Equal("arm64", stage.Variables([])["TARGETARCH"]);
    }

    [Fact]
    public void What_no_instruction_declares_is_not_consumed()
    {
        var arguments = Begin(("a", "1"), ("b", "2"), ("c", null), ("http_proxy", "x"));
        arguments.BeginStage().Declare("a", null);
        Assert.Equal(["b", "c"], arguments.NotConsumed());
    }
}
