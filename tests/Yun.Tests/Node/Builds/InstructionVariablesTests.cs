using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;
using Yun.Protocol;

namespace Yun.Tests.Node.Builds;

public sealed class InstructionVariablesTests
{
    private static readonly InstructionVariables s_variables = new('\\', new Dictionary<string, string> { ["x"] = "value", ["ports"] = "80 443" });

    private static Instruction Replace(string text) => s_variables.Replace(Dockerfile.ParseInstructions(text)[0]);

    [Fact]
    public void Where_docker_replaces_variables_they_are_replaced()
    {
        Assert.Equal(["value", "a value b"], ((EnvInstruction)Replace("ENV a=$x b=\"a $x b\"")).Variables.Select(v => v.Value));
        Assert.Equal("/value", ((WorkdirInstruction)Replace("WORKDIR /$x")).Path);
        Assert.Equal(["80", "443"], ((ExposeInstruction)Replace("EXPOSE $ports")).Ports);
        var copy = (CopyInstruction)Replace("COPY --chown=$x ${x}.c '$x' /$x/");
        Assert.Equal(["value.c", "$x"], copy.Sources);
        Assert.Equal(("/value/", "value"), (copy.Destination, copy.Owner));
    }

    [Theory]
    [InlineData("RUN echo $x")]
    [InlineData("CMD echo $x")]
    [InlineData("ENTRYPOINT [\"$x\"]")]
    [InlineData("ONBUILD ENV a=$x")]
    [InlineData("HEALTHCHECK CMD $x")]
    [InlineData("SHELL [\"$x\"]")]
    public void Elsewhere_they_stay(string text) => Assert.Equal(Dockerfile.ParseInstructions(text)[0].ToString(), Replace(text).ToString());

    [Fact]
    public void A_quoted_document_stays_as_it_is()
    {
        Assert.Equal("value\n", ((CopyInstruction)Replace("COPY <<A /a\n$x\nA")).Documents[0].Content);
        Assert.Equal("$x\n", ((CopyInstruction)Replace("COPY <<'A' /a\n$x\nA")).Documents[0].Content);
    }

    [Fact]
    public void An_error_says_the_line() =>
        Assert.Equal("dockerfile line 1: failed to process \"${y:?why}\": y: why", Assert.Throws<EngineException>(() => Replace("USER ${y:?why}")).Message);
}
