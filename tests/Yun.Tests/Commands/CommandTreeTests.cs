using Yun.Commands.CommandLine;

namespace Yun.Tests.Commands;

public sealed class CommandTreeTests
{
    [Fact]
    public void Every_word_on_the_way_to_a_command_is_a_group_that_can_be_asked_for_help()
    {
        var ways = CommandTree.Entries.SelectMany(entry => entry.Paths).SelectMany(path => path.Split(' ') is var words ? Enumerable.Range(1, words.Length - 1).Select(length => string.Join(' ', words.Take(length))) : []);
        Assert.Equal(ways.Distinct().Order(StringComparer.Ordinal), CommandTree.Groups.Select(group => group.Name).Order(StringComparer.Ordinal));
    }
}
