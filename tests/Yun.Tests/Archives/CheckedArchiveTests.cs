using System.Text;
using Yun.Archives;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Tests.Archives;

public sealed class CheckedArchiveTests
{
    [Fact]
    public void What_an_archive_of_ours_holds_passes_as_it_is()
    {
        var tar = Tar(Folder("made"), File("made/file", "content"), Link("made/link", "/etc/passwd"), HardLink("made/again", "made/file"), File("made/" + new string('n', 300), "long"));
        Assert.Equal(tar, Checked(tar, "made"));
        Assert.Equal(tar, Checked(tar, ""));
    }

    public static TheoryData<string, byte[]> Refused() => new()
    {
        { "outside", Tar(Folder("made"), File("outside", "x")) },
        { "made/../outside", Tar(Folder("made"), File("made/../outside", "x")) },
        { "/made/file", Tar(File("/made/file", "x")) },
        { "made-too", Tar(Folder("made"), File("made-too", "x")) },
        { "made/again", Tar(Folder("made"), HardLink("made/again", "../outside")) },
        { "made/link/passwd", Tar(Folder("made"), Link("made/link", "/etc"), File("made/link/passwd", "x")) },
        { "made/link", Tar(Folder("made"), Link("made/link", "/etc/passwd"), File("made/link", "x")) },
    };

    [Theory, MemberData(nameof(Refused))]
    public void A_name_that_leads_out_ends_it_with_the_name(string name, byte[] tar)
    {
        var error = Assert.Throws<EngineException>(() => Checked(tar, "made"));
        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_is_cut_short_is_not_passed_on_as_a_whole_one() =>
        Assert.Throws<EngineException>(() => Checked(Tar(File("made", "content"))[..515], "made"));

    private static byte[] Checked(byte[] tar, string name)
    {
        using var all = new MemoryStream();
        using var passed = CheckedArchive.Open(new MemoryStream(tar), name, CancellationToken.None);
        passed.CopyTo(all);
        return all.ToArray();
    }

    private static byte[] Tar(params (TarEntry Entry, string Content)[] entries)
    {
        using var all = new MemoryStream();
        var tar = new TarWriter(bytes => all.Write(bytes));
        foreach (var (entry, content) in entries)
        {
            tar.WriteEntry(entry);
            tar.WriteContent(Encoding.UTF8.GetBytes(content));
            tar.EndContent(content.Length);
        }
        tar.Finish();
        return all.ToArray();
    }

    private static (TarEntry, string) File(string name, string content) => (new TarEntry { Kind = FileKind.Regular, Name = name, Size = content.Length, Mode = 0x1A4 }, content);
    private static (TarEntry, string) Folder(string name) => (new TarEntry { Kind = FileKind.Directory, Name = name, Mode = 0x1ED }, "");
    private static (TarEntry, string) Link(string name, string target) => (new TarEntry { Kind = FileKind.SymbolicLink, Name = name, LinkTarget = target, Mode = 0x1FF }, "");
    private static (TarEntry, string) HardLink(string name, string target) => (new TarEntry { Kind = FileKind.Regular, IsHardLink = true, Name = name, LinkTarget = target, Mode = 0x1A4 }, "");
}
