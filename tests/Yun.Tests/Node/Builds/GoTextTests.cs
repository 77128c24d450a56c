using Yun.Archives.Paths;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Patterns;

namespace Yun.Tests.Node.Builds;

public sealed class GoTextTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ns")]
    [InlineData(1_500, "1.5µs")]
    [InlineData(2_000_000, "2ms")]
    [InlineData(30_000_000_000, "30s")]
    [InlineData(90_000_000_000, "1m30s")]
    [InlineData(3_600_000_000_000, "1h0m0s")]
    [InlineData(5_400_500_000_000, "1h30m0.5s")]
    public void A_duration_reads_and_writes_as_in_go(long nanoseconds, string text)
    {
        Assert.Equal(text, GoText.Duration(nanoseconds));
        Assert.Equal(nanoseconds, GoDuration.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("9999999999h")]
    public void What_is_no_duration_is_refused(string text) => Assert.Null(GoDuration.Parse(text));

    [Fact]
    public void Quotes_escape_what_go_escapes()
    {
        Assert.Equal("""["/bin/sh" "-c" "echo \"a\\b\"\n\tü\x01"]""", GoText.Quote(["/bin/sh", "-c", "echo \"a\\b\"\n\tü\u0001"]));
        Assert.Equal("'\\x03'", GoText.QuoteCharacter(3));
    }

    [Theory]
    [InlineData("a//b/./c/..", "a/b")]
    [InlineData("/../../a", "/a")]
    [InlineData("../a", "../a")]
    [InlineData("", ".")]
    [InlineData("/", "/")]
    [InlineData("a/..", ".")]
    public void A_path_is_cleaned_as_in_go(string path, string clean) => Assert.Equal(clean, CleanPath.Of(path));

    [Theory]
    [InlineData("/w", "a", "/w/a")]
    [InlineData("/w", "a/", "/w/a/")]
    [InlineData("/w", ".", "/w/")]
    [InlineData("/w", "/x/../y", "/y")]
    [InlineData("", "../../etc", "/etc")]
    public void A_destination_counts_from_the_working_folder(string folder, string path, string absolute) => Assert.Equal(absolute, CleanPath.Absolute(folder, path));
}
