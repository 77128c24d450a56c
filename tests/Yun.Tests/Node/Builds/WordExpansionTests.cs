using Yun.Node.Builds.Dockerfiles;
using Yun.Protocol;

namespace Yun.Tests.Node.Builds;

public sealed class WordExpansionTests
{
    private static readonly Dictionary<string, string> s_variables = new()
    {
        ["x"] = "value",
        ["empty"] = "",
        ["path"] = "/usr/local/lib/file.tar.gz",
        ["two"] = "80 443",
        ["ä"] = "umlaut",
    };

    private static string Word(string text, char escape = '\\') => WordExpansion.Word(text, escape, s_variables);

    [Theory]
    [InlineData("$x", "value")]
    [InlineData("${x}", "value")]
    [InlineData("a$x-b", "avalue-b")]
    [InlineData("$unset", "")]
    [InlineData("\\$x", "$x")]
    [InlineData("'$x'", "$x")]
    [InlineData("\"$x\"", "value")]
    [InlineData("\"\\$x \\a \\\"\"", "$x \\a \"")]
    [InlineData("a\\ b", "a b")]
    [InlineData("\\", "")]
    [InlineData("$", "$")]
    [InlineData("a$ b", "a$ b")]
    [InlineData("$ä", "umlaut")]
    [InlineData("he said \"it's\"", "he said it's")]
    [InlineData("$two", "80 443")]
    public void Variables_quotes_and_escapes(string text, string expected) => Assert.Equal(expected, Word(text));

    [Theory]
    [InlineData("${x:-d}", "value")]
    [InlineData("${empty:-d}", "d")]
    [InlineData("${empty-d}", "")]
    [InlineData("${unset-d}", "d")]
    [InlineData("${unset:-$x}", "value")]
    [InlineData("${unset:-${empty:-${x}}}", "value")]
    [InlineData("${unset:-\"a b\"}", "a b")]
    [InlineData("${x:+d}", "d")]
    [InlineData("${empty:+d}", "")]
    [InlineData("${empty+d}", "d")]
    [InlineData("${unset+d}", "")]
    [InlineData("${x:?no}", "value")]
    public void Defaults_and_alternatives(string text, string expected) => Assert.Equal(expected, Word(text));

    [Theory]
    [InlineData("${path#*/}", "usr/local/lib/file.tar.gz")]
    [InlineData("${path##*/}", "file.tar.gz")]
    [InlineData("${path%.*}", "/usr/local/lib/file.tar")]
    [InlineData("${path%%.*}", "/usr/local/lib/file")]
    [InlineData("${path#/usr}", "/local/lib/file.tar.gz")]
    [InlineData("${path#nothing}", "/usr/local/lib/file.tar.gz")]
    [InlineData("${x#v?l}", "ue")]
    [InlineData("${path/local/LOCAL}", "/usr/LOCAL/lib/file.tar.gz")]
    [InlineData("${path//\\//-}", "-usr-local-lib-file.tar.gz")]
    [InlineData("${x/l*/!}", "va!")]
    [InlineData("${path//l/L}", "/usr/LocaL/Lib/fiLe.tar.gz")]
    [InlineData("${unset/a/b}", "")]
    public void Patterns_cut_and_replace(string text, string expected) => Assert.Equal(expected, Word(text));

    [Theory]
    [InlineData("${x", "failed to process \"${x\": syntax error: missing '}'")]
    [InlineData("${", "failed to process \"${\": syntax error: missing '}'")]
    [InlineData("${}", "failed to process \"${}\": syntax error: bad substitution")]
    [InlineData("${x:-d", "failed to process \"${x:-d\": syntax error: missing '}'")]
    [InlineData("${x!d}", "failed to process \"${x!d}\": unsupported modifier (!) in substitution")]
    [InlineData("${x:d}", "failed to process \"${x:d}\": unsupported modifier (:d) in substitution")]
    [InlineData("${unset:?must be given}", "failed to process \"${unset:?must be given}\": unset: must be given")]
    [InlineData("${unset?}", "failed to process \"${unset?}\": unset: is not allowed to be unset")]
    [InlineData("${empty:?}", "failed to process \"${empty:?}\": empty: is not allowed to be empty")]
    [InlineData("'a", "failed to process \"'a\": unexpected end of statement while looking for matching single-quote")]
    [InlineData("\"a", "failed to process \"\\\"a\": unexpected end of statement while looking for matching double-quote")]
    public void What_is_wrong_is_told_in_dockers_words(string text, string message) =>
        Assert.Equal(message, Assert.Throws<EngineException>(() => Word(text)).Message);

    [Fact]
    public void Another_escape_character_escapes() => Assert.Equal("C:\\value $x", Word("C:\\$x `$x", '`'));

    [Fact]
    public void Words_are_cut_after_replacement_unless_quoted()
    {
        Assert.Equal(["80", "443", "8080"], WordExpansion.ToWords("$two 8080", '\\', s_variables));
        Assert.Equal(["80 443"], WordExpansion.ToWords("\"$two\"", '\\', s_variables));
    }

    [Fact]
    public void In_a_document_quotes_are_text() => Assert.Equal("'value' \"value\" $x\n", WordExpansion.Document("'$x' \"${x}\" \\$x\n", '\\', s_variables));

    [Fact]
    public void A_value_cannot_grow_without_bound()
    {
        var big = new Dictionary<string, string> { ["a"] = new('x', 1 << 19) };
        Assert.Throws<EngineException>(() => WordExpansion.Word("$a$a$a", '\\', big));
    }

    [Fact]
    public void Nesting_has_an_end()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("${u:-", depth)) + "x" + new string('}', depth);
        Assert.Equal("x", Word(Nested(100)));
        Assert.Throws<EngineException>(() => Word(Nested(1_000_000)));
    }
}
