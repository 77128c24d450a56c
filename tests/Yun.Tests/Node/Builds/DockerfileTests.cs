using Yun.Node.Builds.Dockerfiles;

namespace Yun.Tests.Node.Builds;

public sealed class DockerfileTests
{
    private static T Only<T>(string instruction) where T : Instruction => Assert.IsType<T>(Assert.Single(Dockerfile.Parse("FROM x\n" + instruction).Stages[0].Instructions));

    [Fact]
    public void Stages_hold_their_instructions_and_arguments_before_them_are_global()
    {
        var file = Dockerfile.Parse("ARG V=1\nFROM alpine:$V AS Build\nRUN make\nFROM --platform=linux/arm64 scratch\nCOPY --from=build /a /b\n");
        Assert.Equal([new ArgDeclaration("V", "1")], Assert.Single(file.GlobalArguments).Arguments);
        Assert.Equal(["build", null], file.Stages.Select(s => s.From.StageName));
        Assert.Equal("linux/arm64", file.Stages[1].From.Platform);
        Assert.Equal("build", Assert.IsType<CopyInstruction>(file.Stages[1].Instructions[0]).From);
        Assert.Same(file.Stages[0], file.FindStage("BUILD"));
        Assert.Same(file.Stages[1], file.FindStage("1"));
        Assert.Null(file.FindStage("2"));
    }

    [Fact]
    public void Continued_lines_join_over_comments_and_blank_lines()
    {
        var run = Only<RunInstruction>("RUN a \\\n  # a comment\n\n  && b \\  \n# another\n  && c");
        Assert.Equal("a   && b   && c", Assert.Single(run.Command.Arguments));
        Assert.True(run.Command.IsShellForm);
    }

    [Fact]
    public void The_escape_directive_changes_the_continuation_and_other_directives_are_tolerated()
    {
        var file = Dockerfile.Parse("# syntax=docker/dockerfile:1\n# check=skip=all\n# escape=`\nFROM x\nRUN dir C:\\ `\n && y\n");
        Assert.Equal('`', file.Escape);
        Assert.Equal("dir C:\\  && y", Assert.IsType<RunInstruction>(file.Stages[0].Instructions[0]).Command.Arguments[0]);
    }

    [Fact]
    public void An_escape_directive_after_a_comment_is_a_comment() => Assert.Equal('\\', Dockerfile.Parse("# hello\n# escape=`\nFROM x").Escape);

    [Fact]
    public void A_byte_order_mark_and_carriage_returns_do_not_matter()
    {
        var file = Dockerfile.Parse("\uFEFFFROM x\r\nRUN a \\\r\n b\r\nENV A=b\r\n");
        Assert.Equal("a  b", Assert.IsType<RunInstruction>(file.Stages[0].Instructions[0]).Command.Arguments[0]);
        Assert.Equal("b", Assert.IsType<EnvInstruction>(file.Stages[0].Instructions[1]).Variables[0].Value);
    }

    [Theory]
    [InlineData("CMD [\"a\", \"b c\"]", false, new[] { "a", "b c" })]
    [InlineData("CMD [\"a\", ]", true, new[] { "[\"a\", ]" })]
    [InlineData("CMD ['a']", true, new[] { "['a']" })]
    [InlineData("CMD echo \"hi\"", true, new[] { "echo \"hi\"" })]
    [InlineData("CMD []", false, new string[0])]
    public void Exec_form_is_a_json_list_and_everything_else_is_for_the_shell(string text, bool shell, string[] arguments)
    {
        var command = Only<CmdInstruction>(text).Command;
        Assert.Equal(shell, command.IsShellForm);
        Assert.Equal(arguments, command.Arguments);
    }

    [Theory]
    [InlineData("ENV a=1 b=\"x y\" c='z'", new[] { "a", "1", "b", "\"x y\"", "c", "'z'" })]
    [InlineData("ENV a  x y  z", new[] { "a", "x y  z" })]
    [InlineData("ENV a=x\\ y b=", new[] { "a", "x\\ y", "b", "" })]
    [InlineData("ENV a=b=c", new[] { "a", "b=c" })]
    public void Env_takes_pairs_or_one_name_and_the_rest(string text, string[] expected) =>
        Assert.Equal(expected, Only<EnvInstruction>(text).Variables.SelectMany(v => new[] { v.Key, v.Value }));

    [Fact]
    public void Arguments_may_have_no_default() =>
        Assert.Equal([new("a", null), new("b", ""), new("c", "\"d e\"")], Only<ArgInstruction>("ARG a b= c=\"d e\"").Arguments);

    [Fact]
    public void Healthcheck_reads_its_times()
    {
        var health = Only<HealthcheckInstruction>("HEALTHCHECK --interval=1m30s --timeout=5s --start-period=500ms --retries=3 CMD curl -f x || exit 1").Health;
        Assert.Equal(["CMD-SHELL", "curl -f x || exit 1"], health.Test);
        Assert.Equal((90_000_000_000, 5_000_000_000, 500_000_000, 3), (health.Interval, health.Timeout, health.StartPeriod, health.Retries));
        Assert.Equal(["CMD", "a", "b"], Only<HealthcheckInstruction>("HEALTHCHECK CMD [\"a\",\"b\"]").Health.Test);
        Assert.Equal(["NONE"], Only<HealthcheckInstruction>("HEALTHCHECK NONE").Health.Test);
    }

    [Fact]
    public void Copy_keeps_its_flags_and_its_json_form()
    {
        var copy = Only<CopyInstruction>("COPY --chown=1:2 --chmod=755 --link --exclude=*.o --exclude=x [\"a b\", \"c\", \"/d/\"]");
        Assert.Equal(["a b", "c"], copy.Sources);
        Assert.Equal(("/d/", "1:2", "755", true), (copy.Destination, copy.Owner, copy.Mode, copy.Link));
        Assert.Equal(["*.o", "x"], copy.Excludes);
    }

    [Fact]
    public void A_trigger_keeps_its_text_and_here_documents()
    {
        Assert.Equal("RUN echo hi", Only<OnBuildInstruction>("ONBUILD RUN echo hi").Trigger);
        Assert.Equal("COPY <<A /a\ntext\nA", Only<OnBuildInstruction>("ONBUILD COPY <<A /a\ntext\nA\n").Trigger);
    }

    [Theory]
    [InlineData("FROM x\n\n  FOO bar", 3, 3, "unknown instruction: FOO: expected one of ADD, ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR")]
    [InlineData("FROM x\nRUNN bar", 2, 1, "unknown instruction: RUNN (did you mean RUN?)")]
    [InlineData("FORM x", 1, 1, "unknown instruction: FORM (did you mean FROM?)")]
    [InlineData("RUN x", 1, 1, "no build stage in current context: expected FROM first")]
    [InlineData("FROM a b", 1, 8, "FROM requires either one or three arguments")]
    [InlineData("FROM", 1, 5, "FROM requires either one or three arguments: expected FROM [--platform=PLATFORM] IMAGE [AS NAME]")]
    [InlineData("FROM a AS 1x", 1, 11, "invalid name for build stage: \"1x\", name can't start with a number or contain symbols")]
    [InlineData("FROM a AS b\nFROM c AS B", 2, 11, "duplicate name b")]
    [InlineData("FROM x\nENV a", 2, 6, "ENV must have two arguments: expected ENV NAME=VALUE...")]
    [InlineData("FROM x\nENV", 2, 4, "ENV requires at least one argument: expected ENV NAME=VALUE...")]
    [InlineData("FROM x\nLABEL a=b c", 2, 11, "Syntax error - can't find = in \"c\". Must be of the form: name=value")]
    [InlineData("FROM x\nENV =b", 2, 5, "ENV names can not be blank")]
    [InlineData("FROM x\nCOPY a", 2, 7, "COPY requires at least two arguments, but only one was provided. Destination could not be determined: expected COPY [OPTIONS] SOURCE... DESTINATION")]
    [InlineData("FROM x\nCOPY \\\n\n  --form=y a b", 4, 3, "unknown flag: --form (did you mean from?)")]
    [InlineData("FROM x\nCOPY --from=y --from=z a b", 2, 15, "duplicate flag specified: --from")]
    [InlineData("FROM x\nCOPY --from a b", 2, 6, "missing a value on flag: --from")]
    [InlineData("FROM x\nCOPY --link=maybe a b", 2, 6, "expecting boolean value for flag --link, not: maybe")]
    [InlineData("FROM x\nCMD [\"a\", 1]", 2, 5, "when using JSON array syntax, arrays must be comprised of strings only")]
    [InlineData("FROM x\nSHELL /bin/sh -c", 2, 7, "SHELL requires the arguments to be in JSON form: SHELL /bin/sh -c")]
    [InlineData("FROM x\nONBUILD ONBUILD RUN a", 2, 9, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")]
    [InlineData("FROM x\nONBUILD FROM a", 2, 9, "FROM isn't allowed as an ONBUILD trigger")]
    [InlineData("FROM x\nONBUILD CPOY a b", 2, 9, "unknown instruction: CPOY (did you mean COPY?)")]
    [InlineData("FROM x\nHEALTHCHECK curl", 2, 13, "Unknown type \"CURL\" in HEALTHCHECK (try CMD)")]
    [InlineData("FROM x\nHEALTHCHECK --interval=1us CMD a", 2, 24, "Interval \"interval\" cannot be less than 1ms")]
    [InlineData("FROM x\nHEALTHCHECK --interval=abc CMD a", 2, 24, "invalid duration \"abc\" for --interval: expected something like 1m30s")]
    [InlineData("FROM x\nUSER", 2, 5, "USER requires exactly one argument: expected USER NAME[:GROUP]")]
    [InlineData("FROM x\nVOLUME [\"\"]", 2, 1, "VOLUME specified can not be an empty string")]
    [InlineData("FROM x\nRUN --network=wild a", 2, 15, "invalid network mode: wild: expected default, none or host")]
    [InlineData("FROM x\nRUN --security=insecure a", 2, 16, "security mode insecure is not granted to builds: expected sandbox")]
    [InlineData("FROM x\nRUN cat <<EOF\na\n", 2, 9, "unterminated heredoc: expected a line that is only EOF")]
    [InlineData("# escape=x\nFROM x", 1, 10, "invalid escape token 'x' does not match ` or \\")]
    [InlineData("# escape=`\n# escape=`\nFROM x", 2, 1, "only one escape parser directive can be used")]
    public void A_mistake_is_told_with_its_line_and_column(string text, int line, int column, string problem)
    {
        var error = Assert.Throws<DockerfileException>(() => Dockerfile.Parse(text));
        Assert.Equal((line, column, problem), (error.Line, error.Place.Column, error.Problem));
        Assert.Equal($"{error.Message} (some.Dockerfile:{line}:{column})", error.In("some.Dockerfile"));
        Assert.Equal($"dockerfile parse error on line {line}: {problem}", error.Message);
    }

    [Fact]
    public void The_line_is_shown_with_a_mark_under_the_place()
    {
        const string text = "FROM x\nRUN a \\\n b\nCOPY --form=y a b\n";
        var error = Assert.Throws<DockerfileException>(() => Dockerfile.Parse(text));
        error.FileText = text;
        Assert.Equal("  4 | COPY --form=y a b\n    |      ^", error.Excerpt());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n# only\n\n")]
    [InlineData("ARG x")]
    public void A_file_without_a_stage_is_refused(string text) => Assert.Throws<DockerfileException>(() => Dockerfile.Parse(text));
}
