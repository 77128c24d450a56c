using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Linux;
using Yun.Node.Builds.Files;
using Yun.Protocol;

namespace Yun.Tests.Archives.Paths;

public sealed class RootedPathTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("yun-test-").FullName;
    private readonly SafeFileHandle _root;

    public RootedPathTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "usr/lib"));
        Directory.CreateDirectory(Path.Combine(_folder, "etc"));
        File.WriteAllText(Path.Combine(_folder, "usr/file"), "inside");
        Link("lib", "usr/lib");
        Link("absolute", "/usr");
        Link("up", "../../../../../../usr");
        Link("out", "/etc/passwd");
        Link("usr/self", "self");
        Link("dangling", "/new/place");
        Link("magic", "/proc/self/root/etc");
        _root = PathDescriptor.Open(null, _folder, OpenFlags.Directory);
    }

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(_folder, name), target);

    [Theory]
    [InlineData("", "", "Directory", 0)]
    [InlineData("/", "", "Directory", 0)]
    [InlineData("/usr/./lib/../file", "usr/file", "Other", 2)]
    [InlineData("lib", "usr/lib", "Directory", 2)]
    [InlineData("absolute/file", "usr/file", "Other", 2)]
    [InlineData("up/file", "usr/file", "Other", 2)]
    [InlineData("../../../usr/file", "usr/file", "Other", 2)]
    [InlineData("out", "etc/passwd", "Missing", 1)]
    [InlineData("lib/a/b", "usr/lib/a/b", "Missing", 2)]
    [InlineData("lib/a/../../file", "usr/file", "Other", 2)]
    [InlineData("dangling/x", "new/place/x", "Missing", 0)]
    [InlineData("magic/passwd", "proc/self/root/etc/passwd", "Missing", 0)]
    public void A_path_is_found_inside_the_tree(string path, string expected, string kind, int existing) =>
        Assert.Equal(new RootedPath(expected, Enum.Parse<PathKind>(kind), existing), RootedPath.Find(_root, path));

    [Fact]
    public void Links_in_a_circle_are_refused() => Assert.Contains("too many levels", Assert.Throws<EngineException>(() => RootedPath.Find(_root, "usr/self")).Message);

    [Fact]
    public void A_file_is_no_folder() => Assert.Contains("not a directory", Assert.Throws<EngineException>(() => RootedPath.Find(_root, "usr/file/x")).Message);

    [Fact]
    public void Opening_refuses_a_link_that_came_after_the_look_up()
    {
        var found = RootedPath.Find(_root, "usr/file");
        File.Delete(Path.Combine(_folder, "usr/file"));
        Link("usr/file", "/etc/passwd");
        Assert.Throws<SyscallException>(() => RootedPath.OpenFile(_root, found.Path));
        Directory.Delete(Path.Combine(_folder, "usr"), recursive: true);
        Link("usr", "/etc");
        Assert.Throws<SyscallException>(() => RootedPath.OpenFolder(_root, "usr"));
    }

    [Fact]
    public void Only_an_empty_folder_is_removed_and_never_through_a_link()
    {
        Assert.False(RootedPath.RemoveIfEmpty(_root, "usr"));
        Assert.False(RootedPath.RemoveIfEmpty(_root, "absolute/lib"));
        Assert.True(RootedPath.RemoveIfEmpty(_root, "usr/lib"));
        Assert.False(Directory.Exists(Path.Combine(_folder, "usr/lib")));
    }

    [Theory]
    [InlineData("1000", 1000, 1000)]
    [InlineData("1:2", 1, 2)]
    [InlineData("web", 33, 44)]
    [InlineData("web:7", 33, 7)]
    [InlineData("5:staff", 5, 50)]
    public void Owners_are_the_images_own(string owner, uint user, uint group)
    {
        File.WriteAllText(Path.Combine(_folder, "etc/passwd"), "root:x:0:0::/:/bin/sh\nweb:x:33:1::/:/bin/sh\n");
        File.WriteAllText(Path.Combine(_folder, "etc/group"), "web:x:44:\nstaff:x:50:\n");
        Assert.Equal((user, group), OwnerLookup.Find(_root, owner));
    }

    [Theory]
    [InlineData("nobody", "can't find uid for user nobody: no such user: nobody")]
    [InlineData("1:none", "can't find gid for group none: no such group: none")]
    [InlineData("1:2:3", "invalid chown string format: 1:2:3")]
    [InlineData(":2", "invalid chown string format: :2")]
    public void An_owner_that_is_not_there_is_refused(string owner, string problem) =>
        Assert.EndsWith(problem, Assert.Throws<EngineException>(() => OwnerLookup.Find(_root, owner)).Message);

    [Fact]
    public void Wildcards_find_names_and_links_keep_theirs()
    {
        File.WriteAllText(Path.Combine(_folder, "usr/other.txt"), "");
        File.CreateSymbolicLink(Path.Combine(_folder, "usr/link.txt"), "file");
        var sources = new CopySources(_root, isContext: true, []);
        Assert.Equal(["link.txt", "other.txt"], sources.Find("usr/*.txt", false).Select(s => s.Name));
        Assert.Equal("usr/file", sources.Find("/usr/link.txt", false)[0].Path.Path);
        Assert.Empty(sources.Find("usr/*.c", false));
        Assert.Equal("usr/other.txt", Assert.Single(new CopySources(_root, true, ["*/l*"]).Find("usr/*.txt", false)).Asked);
    }

    [Theory]
    [InlineData("nothing", "file not found in build context or excluded by .dockerignore: stat nothing: file does not exist")]
    [InlineData("../../../../etc/shadow", "file not found in build context or excluded by .dockerignore: stat etc/shadow: file does not exist")]
    [InlineData("out", "file not found in build context or excluded by .dockerignore: stat out: file does not exist")]
    public void What_is_not_in_the_context_is_told_in_dockers_words(string source, string message) =>
        Assert.Equal(message, Assert.Throws<EngineException>(() => new CopySources(_root, isContext: true, []).Find(source, false)).Message);
}
