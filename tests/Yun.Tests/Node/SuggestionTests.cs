using Yun.Node;

namespace Yun.Tests.Node;

public sealed class SuggestionTests
{
    private static readonly string[] s_known = ["run", "rm", "rmi", "ps", "start", "stats", "stop", "container", "install", "inspect"];

    [Theory]
    [InlineData("rnu", "run")]
    [InlineData("ru", "run")]
    [InlineData("contaner", "container")]
    [InlineData("cnotanier", "container")]
    [InlineData("instal", "install")]
    [InlineData("RMI", "rmi")]
    [InlineData("rmm", "rm rmi")]
    [InlineData("statt", "start stats")]
    public void A_slip_finds_the_words_it_is_nearest_to(string word, string nearest) => Assert.Equal(nearest.Split(' '), Suggestion.Nearest(word, s_known));

    [Theory, InlineData("sp"), InlineData("x"), InlineData(""), InlineData("frobnicate"), InlineData("stxxt"), InlineData("tainer")]
    public void What_is_far_from_all_of_them_finds_none(string word) => Assert.Empty(Suggestion.Nearest(word, s_known));
}
