namespace Yun.Node.Builds.Dockerfiles;

/// <summary>How each instruction is written, for those who wrote it otherwise.</summary>
internal static class InstructionForm
{
    private static readonly SortedDictionary<string, string> s_forms = new(StringComparer.Ordinal)
    {
        ["ADD"] = "ADD [OPTIONS] SOURCE... DESTINATION",
        ["ARG"] = "ARG NAME[=DEFAULT]...",
        ["CMD"] = "CMD [\"PROGRAM\", \"ARGUMENT\"...] or CMD COMMAND",
        ["COPY"] = "COPY [OPTIONS] SOURCE... DESTINATION",
        ["ENTRYPOINT"] = "ENTRYPOINT [\"PROGRAM\", \"ARGUMENT\"...] or ENTRYPOINT COMMAND",
        ["ENV"] = "ENV NAME=VALUE...",
        ["EXPOSE"] = "EXPOSE PORT[/tcp|/udp]...",
        ["FROM"] = "FROM [--platform=PLATFORM] IMAGE [AS NAME]",
        ["HEALTHCHECK"] = "HEALTHCHECK [OPTIONS] CMD COMMAND or HEALTHCHECK NONE",
        ["LABEL"] = "LABEL NAME=VALUE...",
        ["MAINTAINER"] = "MAINTAINER NAME",
        ["ONBUILD"] = "ONBUILD INSTRUCTION",
        ["RUN"] = "RUN [OPTIONS] COMMAND or RUN [\"PROGRAM\", \"ARGUMENT\"...]",
        ["SHELL"] = "SHELL [\"PROGRAM\", \"ARGUMENT\"...]",
        ["STOPSIGNAL"] = "STOPSIGNAL SIGNAL",
        ["USER"] = "USER NAME[:GROUP]",
        ["VOLUME"] = "VOLUME PATH... or VOLUME [\"PATH\"...]",
        ["WORKDIR"] = "WORKDIR PATH",
    };

    /// <summary>All instructions, in capitals.</summary>
    public static IEnumerable<string> Names => s_forms.Keys;

    public static string Of(string name) => s_forms[name];
}
