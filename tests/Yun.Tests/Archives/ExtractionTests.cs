using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Tests.Archives;

public sealed class ExtractionTests : IDisposable
{
    private readonly EndToEnd.ScratchFolder _scratch = new();
    private readonly SafeFileHandle _root;

    public ExtractionTests()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Owners, devices and trusted attributes need root.");
        Directory.CreateDirectory(_scratch["root"]);
        Directory.CreateDirectory(_scratch["outside"]);
        File.WriteAllText(_scratch["outside/canary"], "alive");
        _root = PathDescriptor.Open(null, _scratch["root"], OpenFlags.ReadOnly | OpenFlags.Directory);
    }

    public static TheoryData<string> Tricks() => [.. ArchiveTricks.All.Select(trick => trick.Name)];

    public void Dispose()
    {
        _root?.Dispose();
        _scratch.Dispose();
    }

    [Theory, MemberData(nameof(Tricks))]
    public async Task No_archive_reaches_out_of_its_root(string name)
    {
        var trick = ArchiveTricks.All.Single(trick => trick.Name == name);
        var before = Outside();
        var bytes = trick.Make(_scratch["outside"]).End();
        if (trick.IsRefused) Assert.Equal(ErrorKind.InvalidArgument, (await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(bytes))).Kind);
        else await ExtractAsync(bytes);
        Assert.Equal(before, Outside());
        Assert.Equal(["outside", "root"], Directory.EnumerateFileSystemEntries(_scratch.Path).Select(Path.GetFileName).Order());
    }

    [Theory, MemberData(nameof(Tricks))]
    public async Task A_layer_is_as_harmless_as_any_archive(string name)
    {
        var trick = ArchiveTricks.All.Single(trick => trick.Name == name);
        var before = Outside();
        try { await ExtractAsync(trick.Make(_scratch["outside"]).End(), new ExtractionOptions { Whiteouts = true }); }
        catch (EngineException refused) { Assert.Equal(ErrorKind.InvalidArgument, refused.Kind); }
        Assert.Equal(before, Outside());
    }

    [Fact]
    public async Task An_archive_cut_anywhere_is_refused_or_ends_between_two_entries()
    {
        var tar = new TarBytes().Directory("d").File("d/a", "hello").Pax(("path", "d/" + new string('b', 120))).File("x", "world");
        var whole = tar.End();
        for (var length = 0; length < whole.Length; length += 100)
        {
            try { await ExtractAsync(whole[..length]); }
            catch (EngineException refused) { Assert.Equal(ErrorKind.InvalidArgument, refused.Kind); }
        }
    }

    [Fact]
    public async Task Any_bytes_are_an_archive_or_are_refused()
    {
        var random = new Random(20260101);
        var whole = new TarBytes().Directory("d").Pax(("mtime", "1.5"), ("SCHILY.xattr.user.a", "b")).File("d/a", "hello").Symlink("l", "d").Hardlink("h", "d/a").End();
        for (var i = 0; i < 2000; i++)
        {
            var mutant = whole.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--) mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            // Mostly the checksum would catch it; some get through with theirs made right again.
            if (i % 2 == 0)
                for (var at = 0; at + 512 <= mutant.Length; at += 512) if (mutant[at + 257] == 'u') TarBytes.Summed(mutant[at..(at + 512)]).CopyTo(mutant.AsSpan(at));
            try { await ExtractAsync(mutant); }
            catch (EngineException) { }
        }
        Assert.Equal("alive", File.ReadAllText(_scratch["outside/canary"]));
    }

    [Fact]
    public async Task Owners_modes_times_links_and_attributes_are_as_the_archive_says()
    {
        await ExtractAsync(new TarBytes().Directory("d", 0x3FF, 7).Pax(("mtime", "1600000000.25"), ("SCHILY.xattr.user.colour", "blue"), ("uid", "3000000000"))
            .File("d/f", "hello", 0xDED, 7).Symlink("d/s", "/somewhere").Hardlink("d/h", "d/f").Device("d/null", '3', 1, 3).Device("d/pipe", '6', 0, 0)
            .Entry("d/big", '0', new byte[100_000]).End());
        using var d = FileAt.Open(_root, "d", OpenFlags.ReadOnly | OpenFlags.Directory);
        var (directory, file, link) = (FileAt.Status(d), FileAt.Status(d, "f"), FileAt.Status(d, "s"));
        Assert.Equal((0x3FFu, 7u, 1_700_000_000L), (directory.Mode, directory.UserId, directory.Modified.Seconds));
        Assert.Equal((0xDEDu, 3_000_000_000u, 7u, 2u), (file.Mode, file.UserId, file.GroupId, file.LinkCount));
        Assert.Equal((1_600_000_000L, 250_000_000u), (file.Modified.Seconds, file.Modified.Nanoseconds));
        Assert.Equal("blue"u8.ToArray(), ExtendedAttributes.Get(d, "f", "user.colour"));
        Assert.Equal((FileKind.SymbolicLink, "/somewhere", 1_700_000_000L), (link.Kind, FileAt.ReadLink(d, "s"), link.Modified.Seconds));
        Assert.Equal(file.Inode, FileAt.Status(d, "h").Inode);
        Assert.Equal((FileKind.CharacterDevice, 1u, 3u), (FileAt.Status(d, "null").Kind, FileAt.Status(d, "null").DeviceMajor, FileAt.Status(d, "null").DeviceMinor));
        Assert.Equal(FileKind.Fifo, FileAt.Status(d, "pipe").Kind);
        Assert.Equal(100_000, FileAt.Status(d, "big").Size);
    }

    [Fact]
    public async Task A_name_that_is_no_text_keeps_its_bytes()
    {
        await ExtractAsync(new TarBytes().Entry("caf\u00e9", '0', []).End());
        Assert.Equal(["caf\udce9"], FileAt.Names(_root));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task A_compressed_archive_is_read_as_a_plain_one(string kind)
    {
        var plain = new TarBytes().File("a", "hello").End();
        using var compressed = new MemoryStream();
        using (Stream into = kind == "gzip" ? new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true) : new ZstdSharp.CompressionStream(compressed, leaveOpen: true)) into.Write(plain);
        await ExtractAsync(compressed.ToArray());
        Assert.Equal("hello", File.ReadAllText(_scratch["root/a"]));
        var cut = compressed.ToArray()[..^10];
        Assert.Equal(ErrorKind.InvalidArgument, (await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(cut))).Kind);
    }

    [Fact]
    public async Task A_sparse_file_has_its_holes_back()
    {
        var map = "2\n4096\n3\n1048576\n2\n"u8.ToArray();
        await ExtractAsync(new TarBytes().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"), ("GNU.sparse.realsize", "2000000"))
            .Entry("s", '0', [.. map, .. new byte[512 - map.Length], .. "abcde"u8]).End());
        var content = File.ReadAllBytes(_scratch["root/s"]);
        Assert.Equal(2_000_000, content.Length);
        Assert.Equal("abc"u8, content.AsSpan(4096, 3));
        Assert.Equal("de"u8, content.AsSpan(1_048_576, 2));
        Assert.Equal(5, content.Count(b => b != 0));
        Assert.True(FileAt.Status(_root, "s").Blocks < 100);
    }

    [Fact]
    public async Task Files_together_stay_under_the_limit()
    {
        var tar = new TarBytes().File("a", new string('x', 600)).File("b", new string('x', 600)).End();
        await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(tar, new ExtractionOptions { BytesMax = 1000 }));
        await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(tar, new ExtractionOptions { EntriesMax = 1 }));
    }

    [Fact]
    public async Task Devices_are_refused_where_they_are_not_allowed() =>
        await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(new TarBytes().Device("null", '3', 1, 3).End(), new ExtractionOptions { Devices = false }));

    [Fact]
    public async Task Kinds_are_kept_where_that_is_asked_for()
    {
        await ExtractAsync(new TarBytes().Directory("d").File("f").End());
        var options = new ExtractionOptions { KeepKinds = true };
        await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(new TarBytes().File("d").End(), options));
        await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(new TarBytes().Directory("f").End(), options));
        await ExtractAsync(new TarBytes().Directory("d").File("f", "new").End(), options);
        Assert.Equal("new", File.ReadAllText(_scratch["root/f"]));
    }

    [Fact]
    public async Task Everything_lands_under_the_directory_that_was_named()
    {
        Directory.CreateDirectory(_scratch["root/real"]);
        File.CreateSymbolicLink(_scratch["root/link"], "/real");
        await ExtractAsync(new TarBytes().File("x/y", "1").End(), new ExtractionOptions { Directory = "/link" });
        Assert.Equal("1", File.ReadAllText(_scratch["root/real/x/y"]));
    }

    [Fact]
    public async Task Whiteouts_become_what_overlayfs_understands()
    {
        await ExtractAsync(new TarBytes().Directory("d").File("d/.wh.gone").Directory("o").File("o/.wh..wh..opq").File("o/kept", "1")
            .File(".wh.back").File("back", "2").File("mine", "3").File(".wh.mine").File(".wh.folder").Directory("folder").Directory("mydir").File(".wh.mydir").File(".wh..wh.plnk", "x").End(),
            new ExtractionOptions { Whiteouts = true });
        using var d = FileAt.Open(_root, "d", OpenFlags.ReadOnly | OpenFlags.Directory);
        Assert.True(FileAt.Status(d, "gone").IsWhiteout);
        Assert.Equal("y"u8.ToArray(), ExtendedAttributes.Get(_root, "o", "trusted.overlay.opaque"));
        Assert.Equal("2", File.ReadAllText(_scratch["root/back"]));
        // A whiteout hides what lies below its own layer, not what is in it.
        Assert.Equal("3", File.ReadAllText(_scratch["root/mine"]));
        Assert.Equal("y"u8.ToArray(), ExtendedAttributes.Get(_root, "folder", "trusted.overlay.opaque"));
        Assert.Equal("y"u8.ToArray(), ExtendedAttributes.Get(_root, "mydir", "trusted.overlay.opaque"));
        Assert.Equal(["back", "d", "folder", "mine", "mydir", "o"], FileAt.Names(_root).Order());
    }

    [Theory]
    [InlineData(".wh.")]
    [InlineData(".wh..")]
    [InlineData(".wh...")]
    [InlineData("a/.wh..")]
    [InlineData(".wh.a/b")]
    [InlineData("a/.wh.b/c")]
    public async Task A_whiteout_of_no_name_is_refused(string name) =>
        Assert.Equal(ErrorKind.InvalidArgument, (await Assert.ThrowsAsync<EngineException>(() => ExtractAsync(new TarBytes().File(name).End(), new ExtractionOptions { Whiteouts = true }))).Kind);

    private Task ExtractAsync(byte[] tar, ExtractionOptions? options = null) => ArchiveExtractor.ExtractAsync(new MemoryStream(tar), _root, options ?? new ExtractionOptions());

    /// <summary>All that can be seen of the directory outside.</summary>
    private string Outside()
    {
        using var outside = PathDescriptor.Open(null, _scratch["outside"], OpenFlags.ReadOnly | OpenFlags.Directory);
        var lines = FileAt.Names(outside).Order().Prepend("").Select(name =>
        {
            var status = FileAt.Status(outside, name);
            return $"{name} {status.Kind} {status.Mode} {status.UserId} {status.GroupId} {status.LinkCount} {status.Size} {status.Modified} {status.Changed} "
                + string.Join(',', ExtendedAttributes.List(outside, name));
        });
        return string.Join('\n', lines) + File.ReadAllText(_scratch["outside/canary"]);
    }
}
