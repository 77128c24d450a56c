namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Something in a Dockerfile that works and probably is not what its author wants.</summary>
/// <param name="Line">Where the instruction begins.</param>
public sealed record DockerfileWarning(DockerfileRule Rule, string Problem, int Line)
{
    /// <summary>As Docker's clients print it.</summary>
    public string Text => $"{Rule.Name}: {Problem} (line {Line})";
}

/// <summary>One of BuildKit's build checks, by BuildKit's name for it.</summary>
public sealed record DockerfileRule(string Name, string Description)
{
    public static readonly DockerfileRule
        ConsistentInstructionCasing = new("ConsistentInstructionCasing", "All commands within the Dockerfile should use the same casing (either upper or lower)"),
        ExposeInvalidFormat = new("ExposeInvalidFormat", "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release"),
        ExposeProtoCasing = new("ExposeProtoCasing", "Protocol in EXPOSE instruction should be lowercase"),
        FromAsCasing = new("FromAsCasing", "The 'as' keyword should match the case of the 'from' keyword"),
        FromPlatformFlagConstDisallowed = new("FromPlatformFlagConstDisallowed", "FROM --platform flag should not use a constant value"),
        InvalidDefaultArgInFrom = new("InvalidDefaultArgInFrom", "Default value for global ARG results in an empty or invalid base image name"),
        JsonArgsRecommended = new("JSONArgsRecommended", "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals"),
        LegacyKeyValueFormat = new("LegacyKeyValueFormat", "Legacy key/value format with whitespace separator should not be used"),
        MaintainerDeprecated = new("MaintainerDeprecated", "The MAINTAINER instruction is deprecated, use a label instead to define an image author"),
        MultipleInstructionsDisallowed = new("MultipleInstructionsDisallowed", "Multiple instructions of the same type should not be used in the same stage"),
        NoEmptyContinuation = new("NoEmptyContinuation", "Empty continuation lines will become errors in a future release"),
        RedundantTargetPlatform = new("RedundantTargetPlatform", "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior"),
        SecretsUsedInArgOrEnv = new("SecretsUsedInArgOrEnv", "Sensitive data should not be used in the ARG or ENV commands"),
        StageNameCasing = new("StageNameCasing", "Stage names should be lowercase"),
        UndefinedArgInFrom = new("UndefinedArgInFrom", "FROM command must use declared ARGs"),
        UndefinedVar = new("UndefinedVar", "Variables should be defined before their use"),
        WorkdirRelativePath = new("WorkdirRelativePath", "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes");

    /// <summary>Where the rule is explained.</summary>
    public string Address => $"https://docs.docker.com/go/dockerfile/rule/{string.Concat(Name.Select((c, i) => Begins(i) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"))}/";

    // JSONArgs is two words: a capital begins one after a small letter, or before one.
    private bool Begins(int at) => at > 0 && char.IsUpper(Name[at]) && (char.IsLower(Name[at - 1]) || (at + 1 < Name.Length && char.IsLower(Name[at + 1])));
}
