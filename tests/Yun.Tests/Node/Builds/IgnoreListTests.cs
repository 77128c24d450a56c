using Yun.Node.Builds.Patterns;

namespace Yun.Tests.Node.Builds;

public sealed class IgnoreListTests
{
    [Theory]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/README.md", false)]
    [InlineData("**/*.md", "docs/README.md", true)]
    [InlineData("docs", "docs/a/b", true)]
    [InlineData("/docs/", "docs/a", true)]
    [InlineData("./docs", "docs", true)]
    [InlineData("docs", "other/docs", false)]
    [InlineData("*\n!a", "a", false)]
    [InlineData("*\n!a", "b", true)]
    [InlineData("*\n!a/b", "a/b", false)]
    [InlineData("*\n!a/b", "a/c", true)]
    [InlineData("*.md\n!README*.md\nREADME-secret.md", "README.md", false)]
    [InlineData("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true)]
    [InlineData("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false)]
    [InlineData("# *.md\n\n  x  \n", "x", true)]
    [InlineData("# *.md", "a.md", false)]
    [InlineData(" # x", "# x", true)]
    [InlineData("a/../b", "b/c", true)]
    [InlineData("! a\n", "a", false)]
    [InlineData("\uFEFFx", "x", true)]
    [InlineData("x\r\ny\r\n", "y", true)]
    public void As_dockers(string file, string path, bool ignored) => Assert.Equal(ignored, IgnoreList.Parse(file).IsIgnored(path));

    [Theory]
    [InlineData("x\n!", "web.dockerignore line 2: illegal exclusion pattern: \"!\"")]
    [InlineData("[", "web.dockerignore line 1: syntax error in pattern '['")]
    public void A_malformed_line_is_told(string file, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => IgnoreList.Parse(file, "web.dockerignore")).Message);
}
