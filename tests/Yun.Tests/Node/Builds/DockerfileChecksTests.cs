using Yun.Node.Builds.Dockerfiles;

namespace Yun.Tests.Node.Builds;

/// <summary>The texts are those of BuildKit's build checks.</summary>
public sealed class DockerfileChecksTests
{
    [Theory]
    [InlineData("FROM x AS Builder", "StageNameCasing: Stage name 'Builder' should be lowercase (line 1)")]
    [InlineData("FROM x as builder", "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)")]
    [InlineData("FROM x\nRUN a \\\n\n b", "NoEmptyContinuation: Empty continuation line in: RUN a  b (line 3)")]
    [InlineData("FROM x\nRun a", "ConsistentInstructionCasing: Command 'Run' should match the case of the command majority (uppercase) (line 2)")]
    [InlineData("from x\nrun a\nRUN b", "ConsistentInstructionCasing: Command 'RUN' should match the case of the command majority (lowercase) (line 3)")]
    [InlineData("FROM x\nCMD a b", "JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 2)")]
    [InlineData("FROM x\nMAINTAINER me", "MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)")]
    [InlineData("ARG VERSION=1\nFROM x:${VERSIN}", "UndefinedArgInFrom: FROM argument 'VERSIN' is not declared (did you mean VERSION?) (line 2)", "InvalidDefaultArgInFrom: Default value for ARG x:${VERSIN} results in empty or invalid base image name (line 2)")]
    [InlineData("ARG VERSION\nFROM x:$VERSION", "InvalidDefaultArgInFrom: Default value for ARG x:$VERSION results in empty or invalid base image name (line 2)")]
    [InlineData("FROM x\nCMD [\"a\"]\nCMD [\"b\"]", "MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used (line 2)")]
    [InlineData("FROM x\nWORKDIR a", "WorkdirRelativePath: Relative workdir \"a\" can have unexpected results if the base image changes (line 2)")]
    [InlineData("FROM x\nENV a b", "LegacyKeyValueFormat: \"ENV key=value\" should be used instead of legacy \"ENV key value\" format (line 2)")]
    [InlineData("FROM --platform=$TARGETPLATFORM x", "RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior (line 1)")]
    [InlineData("FROM --platform=linux/amd64 x", "FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value \"linux/amd64\" (line 1)")]
    [InlineData("FROM x\nARG AWS_SECRET_ACCESS_KEY", "SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG \"AWS_SECRET_ACCESS_KEY\") (line 2)")]
    [InlineData("FROM x\nEXPOSE 80/TcP", "ExposeProtoCasing: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase (line 2)")]
    [InlineData("FROM x\nEXPOSE 127.0.0.1:80:80", "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80' (line 2)")]
    public void What_is_remarkable_is_told_by_rule_and_line(string text, params string[] expected) =>
        Assert.Equal(expected, Dockerfile.Parse(text).Warnings.Select(w => w.Text));

    [Theory]
    [InlineData("FROM x AS base\nWORKDIR /a\nWORKDIR b\nFROM base\nWORKDIR c\nENV PUBLIC_KEY=x KEYBOARD=y\nEXPOSE 80/udp\nSHELL [\"/bin/ash\"]\nCMD a")]
    [InlineData("from x as base\nrun a")]
    [InlineData("ARG V=1\nFROM --platform=$BUILDPLATFORM x:${V} AS a\nFROM --platform=linux/arm64 x AS build-arm64\nFROM ${NONE:-x}")]
    public void What_is_as_it_should_be_is_not_told(string text) => Assert.Empty(Dockerfile.Parse(text).Warnings.Select(w => w.Text));

    [Theory]
    [InlineData("skip=all", false, false)]
    [InlineData("skip=JSONArgsRecommended,StageNameCasing", false, false)]
    [InlineData("skip=StageNameCasing;error=true", true, true)]
    public void The_check_directive_skips_rules_and_makes_errors(string options, bool looks, bool isError)
    {
        var checks = Dockerfile.Parse($"# syntax=docker/dockerfile:1\n# check={options}\nFROM x\n").Checks;
        Assert.Equal((looks, isError), (checks.Looks("JSONArgsRecommended"), checks.IsError));
        Assert.False(checks.Looks("StageNameCasing"));
    }

    [Fact]
    public void A_rule_is_explained_at_an_address_that_its_name_makes()
    {
        Assert.Equal("https://docs.docker.com/go/dockerfile/rule/json-args-recommended/", DockerfileRule.JsonArgsRecommended.Address);
        Assert.Equal("https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/", DockerfileRule.SecretsUsedInArgOrEnv.Address);
    }
}
