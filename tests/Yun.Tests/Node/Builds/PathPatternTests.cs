using Yun.Node.Builds.Patterns;

namespace Yun.Tests.Node.Builds;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData("abc", "abc", true)]
    [InlineData("*", "abc", true)]
    [InlineData("*c", "abc", true)]
    [InlineData("a*", "ab/c", false)]
    [InlineData("a*/b", "abc/b", true)]
    [InlineData("a*b?c*x", "abxbbxdbxebxczzx", true)]
    [InlineData("a*b?c*x", "abxbbxdbxebxczzy", false)]
    [InlineData("ab[c]", "abc", true)]
    [InlineData("ab[b-d]", "abc", true)]
    [InlineData("ab[e-g]", "abc", false)]
    [InlineData("ab[^c]", "abc", false)]
    [InlineData("ab[^e-g]", "abc", true)]
    [InlineData("a\\*b", "a*b", true)]
    [InlineData("a\\*b", "ab", false)]
    [InlineData("a?b", "a/b", false)]
    [InlineData("[a-ζ]*", "α", true)]
    [InlineData("[\\]a]", "]", true)]
    [InlineData("[x\\-]", "-", true)]
    [InlineData("*.go", "a.go", true)]
    [InlineData("**", "a/b", false)]
    public void As_gos_filepath_match(string pattern, string path, bool expected) => Assert.Equal(expected, PathPattern.Parse(pattern, doubleStars: false).IsMatch(path));

    [Theory]
    [InlineData("**", "a/b/c", true)]
    [InlineData("**/", "a/b/c", true)]
    [InlineData("**/foo", "foo", true)]
    [InlineData("**/foo", "a/b/foo", true)]
    [InlineData("**/foo", "a/bfoo", false)]
    [InlineData("**.log", "a/b.log", true)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**", "b/a/c", false)]
    [InlineData("a/**/b", "a/b", true)]
    [InlineData("a/**/b", "a/x/y/b", true)]
    [InlineData("a/**/b", "a/xb", false)]
    [InlineData("**/*.txt", "d/e.txt", true)]
    [InlineData("**/*.txt", "e.txt", true)]
    [InlineData("**/?.txt", "d/ab.txt", false)]
    [InlineData("abc.def", "abcXdef", false)]
    [InlineData("a(b)c/def", "a(b)c/def", true)]
    [InlineData("**/a**/b", "x/ay/z/b", true)]
    public void Two_stars_pass_folders(string pattern, string path, bool expected) => Assert.Equal(expected, PathPattern.Parse(pattern, doubleStars: true).IsMatch(path));

    [Theory]
    [InlineData("[]")]
    [InlineData("[")]
    [InlineData("[^")]
    [InlineData("[a-]")]
    [InlineData("[-x]")]
    [InlineData("a\\")]
    public void A_malformed_pattern_is_refused(string pattern) => Assert.Throws<FormatException>(() => PathPattern.Parse(pattern, doubleStars: false));

    [Fact]
    public void A_pattern_made_to_be_slow_is_not()
    {
        var pattern = PathPattern.Parse(string.Concat(Enumerable.Repeat("**/*a*", 50)) + "b", doubleStars: true);
        Assert.False(pattern.IsMatch(string.Concat(Enumerable.Repeat("a/a", 1000))));
    }
}
