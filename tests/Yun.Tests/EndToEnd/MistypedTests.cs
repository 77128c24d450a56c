namespace Yun.Tests.EndToEnd;

/// <summary>What <c>yun</c> says to words that are nearly right; none of it needs a daemon.</summary>
public sealed class MistypedTests
{
    private static Task<CommandResult> YunAsync(string words) => new Command(TestTools.Yun, words.Split(' ')).RunAsync();

    [Theory]
    [InlineData("rnu", "yun: unknown command: yun rnu\nDid you mean 'yun run'?\n\nRun 'yun --help' for more information\n")]
    [InlineData("machin", "yun: unknown command: yun machin\nDid you mean 'yun machine'?\n\nRun 'yun --help' for more information\n")]
    [InlineData("container lss", "yun: unknown command: yun container lss\nDid you mean 'yun container ls'?\n\nUsage:  yun container\n\nRun 'yun container --help' for more information\n")]
    [InlineData("machine kernel instal x", "yun: unknown command: yun machine kernel instal\nDid you mean 'yun machine kernel install'?\n\nUsage:  yun machine kernel\n\nRun 'yun machine kernel --help' for more information\n")]
    [InlineData("frobnicate", "yun: unknown command: yun frobnicate\n\nRun 'yun --help' for more information\n")]
    public async Task An_unknown_command_is_named_with_the_ones_it_may_be(string words, string said) => Assert.Equal(said, (await YunAsync(words)).EndedWith(1).Error);

    [Theory]
    [InlineData("run --nmae x busybox", "unknown flag: --nmae\nDid you mean '--name'?\n\nUsage:  yun run ")]
    [InlineData("ps --fromat=json", "unknown flag: --fromat\nDid you mean '--format'?\n\nUsage:  yun ps ")]
    [InlineData("--hots x ps", "unknown flag: --hots\nDid you mean '--host'?\n\nUsage:  yun ")]
    [InlineData("ps --frobnicate", "unknown flag: --frobnicate\n\nUsage:  yun ps ")]
    public async Task An_unknown_flag_is_named_with_the_ones_it_may_be(string words, string said) => Assert.StartsWith(said, (await YunAsync(words)).EndedWith(125).Error, StringComparison.Ordinal);

    [Theory, InlineData("machine kernel"), InlineData("machine kernel --help")]
    public async Task A_group_below_a_group_lists_its_commands(string words)
    {
        var text = (await YunAsync(words)).Succeeded().Text;
        Assert.StartsWith("Usage:  yun machine kernel COMMAND\n", text, StringComparison.Ordinal);
        Assert.Contains("\n  install ", text);
    }

    [Theory, InlineData("__complete machine ke", "kernel"), InlineData("__complete machine kernel ins", "inspect install"), InlineData("__complete cont", "container")]
    public async Task Completion_goes_down_word_by_word(string words, string candidates) => Assert.Equal(candidates.Split(' '), (await YunAsync(words)).Succeeded().Lines);
}
