namespace Yun.Tests.EndToEnd;

/// <summary><c>yun COMMAND --help</c>.</summary>
public sealed class HelpTests
{
    [Theory, InlineData("run"), InlineData("build"), InlineData("exec"), InlineData("logs"), InlineData("machine kernel install")]
    public async Task The_common_commands_help_ends_with_examples(string command)
    {
        var examples = (await new Command(TestTools.Yun, [.. command.Split(' '), "--help"]).RunAsync()).Succeeded().Output.Split("\nExamples:\n")[1];
        Assert.StartsWith($"  yun {command}", examples, StringComparison.Ordinal);
    }
}
