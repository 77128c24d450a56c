using Microsoft.Win32.SafeHandles;
using Yun.BuildKit;
using Yun.BuildKit.Protos;
using Yun.Linux;
using Yun.Node.Builds.Patterns;
using Yun.Protocol;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.BuildKit;

/// <summary>What a client sends as its build context is somebody else's: whatever it says, nothing is written outside of the folder.</summary>
public sealed class ReceivedFolderTests : IDisposable
{
    private const uint Folder = 1u << 31 | 0x1ED, Link = 1u << 27 | 0x1FF, Device = 1u << 26 | 0x1B6, File = 0x1A4;

    private readonly ScratchFolder _scratch = new(("outside/kept", "kept"));
    private readonly SafeFileHandle _root;

    public ReceivedFolderTests()
    {
        Directory.CreateDirectory(_scratch["context"]);
        _root = PathDescriptor.Open(null, _scratch["context"], OpenFlags.ReadOnly | OpenFlags.Directory);
    }

    public void Dispose()
    {
        _root.Dispose();
        _scratch.Dispose();
    }

    private ReceivedFolder Received(string ignored = "", long bytesMax = 1000) => new(_root, IgnoreList.Parse(ignored), bytesMax);

    private static Stat Entry(string path, uint mode, string link = "") => new() { Path = path, Mode = mode, Linkname = link };

    [Fact]
    public void Files_folders_and_links_are_as_they_were()
    {
        using var files = Received();
        Assert.False(files.Add(0, Entry("deep", Folder)));
        Assert.True(files.Add(1, new Stat { Path = "deep/a", Mode = 0x140, ModTime = 1_600_000_000_500_000_000 }));
        Assert.False(files.Add(2, Entry("deep/hard", File, "deep/a")));
        Assert.False(files.Add(3, Entry("link", Link, "deep/a")));
        Assert.True(files.Add(4, Entry("empty", File)));
        files.Write(1, "alp"u8);
        files.Write(1, "ha"u8);
        files.End(1);
        files.End(4);
        files.Finish();
        Assert.Equal("alpha", _scratch.Read("context/deep/hard"));
        Assert.Equal("deep/a", new FileInfo(_scratch["context/link"]).LinkTarget);
        Assert.Equal("", _scratch.Read("context/empty"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(_scratch["context/deep/a"]));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_600_000_000_500), System.IO.File.GetLastWriteTimeUtc(_scratch["context/deep/a"]));
    }

    [Fact]
    public void What_is_ignored_is_not_asked_for_and_what_is_taken_back_is()
    {
        using var files = Received("deep\n!deep/kept\nother\n");
        Assert.False(files.Add(0, Entry("deep", Folder)));
        Assert.False(files.Add(1, Entry("deep/gone", File)));
        Assert.True(files.Add(2, Entry("deep/kept", File)));
        Assert.False(files.Add(3, Entry("other", Folder)));
        Assert.False(files.Add(4, Entry("other/inner", File)));
        files.End(2);
        files.Finish();
        Assert.Equal([_scratch["context/deep"], _scratch["context/deep/kept"]], Directory.GetFileSystemEntries(_scratch["context"], "*", SearchOption.AllDirectories).Order());
    }

    [Theory]
    [InlineData("../outside/new")]
    [InlineData("/etc/new")]
    [InlineData("a/../../outside/new")]
    [InlineData("a//b")]
    [InlineData("")]
    [InlineData(".")]
    public void A_path_that_leads_out_is_refused(string path)
    {
        using var files = Received();
        Assert.Contains("is none inside a folder", Assert.Throws<EngineException>(() => files.Add(0, Entry(path, File))).Message);
    }

    [Fact]
    public void Nothing_is_written_through_a_link()
    {
        using var files = Received();
        files.Add(0, Entry("way", Link, _scratch["outside"]));
        Assert.ThrowsAny<Exception>(() => files.Add(1, Entry("way/folder", Folder)));
        files.Add(2, Entry("way/new", File));
        Assert.ThrowsAny<Exception>(() => files.Write(2, "out"u8));
        files.Add(3, Entry("file", Link, _scratch["outside/kept"]));
        files.Add(4, Entry("file", File));
        Assert.Throws<EngineException>(() => files.Write(4, "out"u8));
        Assert.Equal("kept", _scratch.Read("outside/kept"));
        Assert.Single(Directory.GetFileSystemEntries(_scratch["outside"]));
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using var files = Received(bytesMax: 10);
        Assert.Contains("is a device", Assert.Throws<EngineException>(() => files.Add(0, Entry("disk", Device))).Message);
        files.Add(1, Entry("a", Folder));
        Assert.Throws<EngineException>(() => files.Add(2, Entry("a", Folder)));
        Assert.Contains("was not asked for", Assert.Throws<EngineException>(() => files.Write(77, "x"u8)).Message);
        files.Add(3, Entry("large", File));
        files.Write(3, "12345678"u8);
        Assert.Contains("larger than 10 bytes", Assert.Throws<EngineException>(() => files.Write(3, "12345678"u8)).Message);
    }
}
