using Yun.Oci;

namespace Yun.Tests.Oci;

// The table is that of github.com/distribution/reference (normalize_test.go, reference_test.go), which every Docker client follows.
public sealed class ImageReferenceTests
{
    private const string Hex = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

    [Theory]
    [InlineData("redis", "docker.io/library/redis", "redis")]
    [InlineData("redis:8", "docker.io/library/redis:8", "redis:8")]
    [InlineData("library/redis:8", "docker.io/library/redis:8", "redis:8")]
    [InlineData("docker.io/redis", "docker.io/library/redis", "redis")]
    [InlineData("docker.io/library/redis", "docker.io/library/redis", "redis")]
    [InlineData("index.docker.io/library/redis", "docker.io/library/redis", "redis")]
    [InlineData("index.docker.io/user/repo", "docker.io/user/repo", "user/repo")]
    [InlineData("user/repo", "docker.io/user/repo", "user/repo")]
    [InlineData("library/foo/bar", "docker.io/library/foo/bar", "library/foo/bar")]
    [InlineData("aa-a/a", "docker.io/aa-a/a", "aa-a/a")]
    [InlineData("foo_bar.com:8080/x", null, null)]
    [InlineData("foo_bar/baz", "docker.io/foo_bar/baz", "foo_bar/baz")]
    [InlineData("a__b", "docker.io/library/a__b", "a__b")]
    [InlineData("a---b", "docker.io/library/a---b", "a---b")]
    [InlineData("registry.example/user/repo:1.0", "registry.example/user/repo:1.0", "registry.example/user/repo:1.0")]
    [InlineData("registry.example:5000/repo", "registry.example:5000/repo", "registry.example:5000/repo")]
    [InlineData("localhost/repo", "localhost/repo", "localhost/repo")]
    [InlineData("localhost:5000/repo:tag", "localhost:5000/repo:tag", "localhost:5000/repo:tag")]
    [InlineData("127.0.0.1:5000/docker/docker", "127.0.0.1:5000/docker/docker", "127.0.0.1:5000/docker/docker")]
    [InlineData("[2001:db8::1]:5000/repo", "[2001:db8::1]:5000/repo", "[2001:db8::1]:5000/repo")]
    [InlineData("[2001:db8::1]/repo", "[2001:db8::1]/repo", "[2001:db8::1]/repo")]
    [InlineData("Example/repo", "Example/repo", "Example/repo")]
    [InlineData("foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com:8080", "foo/foo_bar.com:8080")]
    [InlineData("test.example/a/b/c/d", "test.example/a/b/c/d", "test.example/a/b/c/d")]
    [InlineData("redis@sha256:" + Hex, "docker.io/library/redis@sha256:" + Hex, "redis@sha256:" + Hex)]
    [InlineData("redis:8@sha256:" + Hex, "docker.io/library/redis:8@sha256:" + Hex, "redis:8@sha256:" + Hex)]
    [InlineData("repo:Upper.Tag_1-x", "docker.io/library/repo:Upper.Tag_1-x", "repo:Upper.Tag_1-x")]
    public void A_name_is_completed_and_shortened_as_Docker_does(string text, string? whole, string? familiar)
    {
        var valid = ImageReference.TryParse(text, out var reference);
        Assert.Equal(whole is not null, valid);
        Assert.Equal(whole, reference?.ToString());
        Assert.Equal(familiar, reference?.Familiar);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":justtag")]
    [InlineData("@sha256:" + Hex)]
    [InlineData("repo@sha256:ffff")]
    [InlineData("repo@sha256:" + Hex + "0")]
    [InlineData("repo@sha256:DDDDdddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd")]
    [InlineData("repo@sha512:" + Hex)]
    [InlineData("repo@sha256:../../../../../../../../../../../../../../../../../../../../../etc")]
    [InlineData("validname@invaliddigest:" + Hex)]
    [InlineData("-test")]
    [InlineData("test-")]
    [InlineData("a..b")]
    [InlineData("a___b")]
    [InlineData("a._b")]
    [InlineData("/repo")]
    [InlineData("repo/")]
    [InlineData("repo//x")]
    [InlineData("../etc")]
    [InlineData("a/../b")]
    [InlineData("repo:")]
    [InlineData("repo:-tag")]
    [InlineData("repo:.tag")]
    [InlineData("repo:a b")]
    [InlineData("repo name")]
    [InlineData("repo\n")]
    [InlineData("-registry.example/repo")]
    [InlineData("registry.example-/repo")]
    [InlineData("registry..example/repo")]
    [InlineData("registry.example:/repo")]
    [InlineData("registry.example:port/repo")]
    [InlineData("[fe80::1%eth0]/repo")]
    [InlineData("[2001:db8::1/repo")]
    [InlineData("[]/repo")]
    [InlineData("https://registry.example/repo")]
    [InlineData("rèpo")]
    public void A_name_that_is_none_is_refused(string text)
    {
        Assert.False(ImageReference.TryParse(text, out _));
        Assert.StartsWith("invalid reference format", Assert.Throws<FormatException>(() => ImageReference.Parse(text)).Message);
    }

    [Theory]
    [InlineData("Redis", "invalid reference format: repository name (library/Redis) must be lowercase")]
    [InlineData("user/Repo:tag", "invalid reference format: repository name (user/Repo) must be lowercase")]
    [InlineData(Hex, "invalid repository name (" + Hex + "), cannot specify 64-byte hexadecimal strings")]
    public void Why_a_name_is_refused_is_said_in_Dockers_words(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => ImageReference.Parse(text)).Message);

    [Fact]
    public void A_name_of_more_than_255_characters_is_refused()
    {
        Assert.True(ImageReference.TryParse("registry.example/" + new string('a', 255 - 17), out _));
        Assert.Equal("invalid reference format: repository name must not be more than 255 characters",
            Assert.Throws<FormatException>(() => ImageReference.Parse("registry.example/" + new string('a', 256 - 17))).Message);
    }

    [Fact]
    public void A_tag_has_at_most_128_characters()
    {
        Assert.True(ImageReference.TryParse("a:" + new string('t', 128), out _));
        Assert.False(ImageReference.TryParse("a:" + new string('t', 129), out _));
    }

    [Fact]
    public void Without_tag_and_digest_the_tag_is_latest()
    {
        Assert.Equal("busybox:latest", ImageReference.Parse("busybox").WithDefaultTag().Familiar);
        Assert.Equal("busybox:1", ImageReference.Parse("busybox:1").WithDefaultTag().Familiar);
        Assert.Equal("busybox@sha256:" + Hex, ImageReference.Parse("busybox@sha256:" + Hex).WithDefaultTag().Familiar);
    }
}
