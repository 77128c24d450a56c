using Yun.Oci;

namespace Yun.Tests.Oci;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux/x86_64", "linux/amd64")]
    [InlineData("linux/amd64/v1", "linux/amd64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("Linux/AMD64/v3", "linux/amd64/v3")]
    public void A_platform_has_one_spelling(string text, string normal) => Assert.Equal(normal, Platform.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("linux/")]
    [InlineData("linux/a/b/c")]
    [InlineData("linux/am d64")]
    [InlineData("../x")]
    public void A_text_that_is_no_platform_is_refused(string text) => Assert.Throws<FormatException>(() => Platform.Parse(text));

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/arm64/v8", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    [InlineData("linux/arm64", "linux/arm64/v8", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", false)]
    [InlineData("linux/amd64/v3", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/amd64/v3", false)]
    public void A_machine_runs_what_was_made_for_it_or_for_a_lower_level(string machine, string image, bool runs) =>
        Assert.Equal(runs, Platform.Parse(machine).Suits(Platform.Parse(image)) > 0);

    [Fact]
    public void The_nearest_level_is_preferred() =>
        Assert.True(Platform.Parse("linux/arm/v7").Suits(Platform.Parse("linux/arm/v6")) > Platform.Parse("linux/arm/v7").Suits(Platform.Parse("linux/arm/v5")));
}
