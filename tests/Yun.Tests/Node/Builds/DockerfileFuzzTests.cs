using System.Text;
using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Patterns;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Tests.Node.Builds;

public sealed class DockerfileFuzzTests
{
    private const int Seed = 4711, Files = 20_000;

    private static readonly string[] s_pieces =
    [
        "FROM", "ARG", "ENV", "LABEL", "COPY", "ADD", "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "EXPOSE", "USER", "VOLUME", "WORKDIR", "STOPSIGNAL", "SHELL", "ONBUILD", "MAINTAINER",
        " ", " ", " ", "\n", "\n", "\n", "\\\n", "\t", "#", "# escape=`\n", "# syntax=x\n", "\"", "'", "\\", "`", "$", "${", "}", "${x:-", "${x#", "${x%%*", "${x/a/", "//", ":?", "[", "]", "[\"a\"]", ",",
        "=", "x", "a b", "<<EOF", "<<-'A B'", "EOF\n", "A B\n", "3<<", "--", "--from=x", "--mount=type=cache,target=/", "--chown=", "--interval=1s", "CMD ", "NONE", "scratch", " AS ", "80/tcp", "*", "?", "**/", "\0", "\r", "ä", "\uD83D\uDE00", "\uFEFF",
    ];

    [Fact]
    public void Whatever_the_text_the_answer_is_a_Dockerfile_or_a_sentence()
    {
        var random = new Random(Seed);
        for (var i = 0; i < Files; i++)
        {
            var text = new StringBuilder(random.Next(4) == 0 ? "" : "FROM x\n");
            for (var pieces = random.Next(30); pieces > 0; pieces--) text.Append(s_pieces[random.Next(s_pieces.Length)]);
            try
            {
                var variables = new InstructionVariables('\\', new Dictionary<string, string> { ["x"] = "a/b/a" });
                var config = new ImageRunConfig();
                var set = false;
                foreach (var instruction in Dockerfile.Parse(text.ToString()).Stages.SelectMany(s => s.Instructions))
                {
                    var replaced = variables.Replace(instruction);
                    if (replaced is RunInstruction run)
                        foreach (var mount in run.Mounts) RunMount.Parse(mount, default);
                    else if (replaced is not (CopyInstruction or ArgInstruction or MaintainerInstruction)) ConfigChange.Apply(replaced, config, ref set);
                }
            }
            catch (Exception error) when (error is DockerfileException or EngineException)
            {
                Assert.NotEmpty(error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"{error.GetType().Name}: {error.Message}\n{GoText.Quote(text.ToString())}\n{error.StackTrace}");
            }
        }
    }

    [Fact]
    public void Whatever_the_pattern_it_is_read_or_refused()
    {
        var random = new Random(Seed);
        const string characters = "ab/*?[]^-\\!. #";
        for (var i = 0; i < Files; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(12)).Select(_ => characters[random.Next(characters.Length)])]);
            try
            {
                IgnoreList.Parse(text).IsIgnored("a/b/ab");
                PathPattern.Parse(text, doubleStars: false).IsMatch("a/b");
            }
            catch (FormatException)
            {
            }
        }
    }
}
