using System.Text;

namespace Yun.Tests.Archives;

/// <summary>Archives that try to get out of the directory they are unpacked in, or to hurt who unpacks them. Each is refused, or does what it does inside.</summary>
public static class ArchiveTricks
{
    /// <summary>Stands for the directory beside the root that the tricks aim at; a link to it is absolute, as an attacker who guessed it would write.</summary>
    public const string Outside = "OUTSIDE";

    private static readonly string s_up = string.Concat(Enumerable.Repeat("../", 12));

    public sealed record Trick(string Name, Func<string, TarBytes> Make, bool IsRefused, bool Whole = false);

    public static IReadOnlyList<Trick> All { get; } =
    [
        new("a name with ..", o => new TarBytes().File("../escaped", "x"), true),
        new("a name with .. inside", o => new TarBytes().File("a/../../escaped", "x"), true),
        new("a name with many ..", o => new TarBytes().File(s_up + o.TrimStart('/') + "/canary", "x"), true),
        new("a name that ends in ..", o => new TarBytes().Directory("a").Directory("a/../.."), true),
        new("an absolute name", o => new TarBytes().File(o + "/canary", "x"), false),
        new("an absolute name with two slashes", o => new TarBytes().File("/" + o + "/canary", "x"), false),
        new("a long name with .. by GNU", o => new TarBytes().LongName(new string('a', 150) + "/../../" + "escaped").File("x", "x"), true),
        new("a path with .. by PAX", o => new TarBytes().Pax(("path", "../escaped")).File("x", "x"), true),
        new("a path with a zero by PAX", o => new TarBytes().Pax(("path", "a\0b")).File("x", "x"), true),
        new("a link path with .. by PAX", o => new TarBytes().Pax(("linkpath", "../../canary")).Hardlink("x", "harmless"), true),
        new("a GNU long link with ..", o => new TarBytes().LongLink("../canary").Hardlink("x", "harmless"), true),

        new("a file through an absolute link", o => new TarBytes().Symlink("a", o).File("a/canary", "x"), true),
        new("a file through a relative link", o => new TarBytes().Symlink("a", "../outside").File("a/canary", "x"), true),
        new("a file through a link with many ..", o => new TarBytes().Symlink("a", s_up + o.TrimStart('/')).File("a/canary", "x"), true),
        new("a file through two links", o => new TarBytes().Symlink("a", "b").Symlink("b", o).File("a/canary", "x"), true),
        new("a directory through a link", o => new TarBytes().Symlink("a", o).Directory("a/made"), true),
        new("a file in place of a link to a file", o => new TarBytes().Symlink("a", o + "/canary").File("a", "x"), false),
        new("a directory in place of a link to a directory", o => new TarBytes().Symlink("a", o).Directory("a", 0x1FF, 1234).File("a/canary", "x"), false),
        new("a link in place of a directory, then through it", o => new TarBytes().Directory("a").File("a/f", "1").Symlink("a", o).File("a/canary", "x"), true),
        new("a directory opened before it became a link", o => new TarBytes().Directory("a/b").File("a/b/1", "1").Symlink("a/b", o).File("a/b/canary", "x"), true),
        new("a link to /proc/self/root", o => new TarBytes().Symlink("a", "/proc/self/root").File("a" + o + "/canary", "x"), true),
        new("a link to /proc/self/cwd", o => new TarBytes().Symlink("a", "/proc/self/cwd").File("a/canary", "x"), true),
        new("a link to itself", o => new TarBytes().Symlink("a", "a").File("a/canary", "x"), true),
        new("a circle of links", o => new TarBytes().Symlink("a", "b").Symlink("b", "a").File("a/canary", "x"), true),
        new("a chain of 41 links", o =>
        {
            var tar = new TarBytes();
            for (var i = 0; i < 41; i++) tar.Symlink($"l{i}", i == 40 ? o : $"l{i + 1}");
            return tar.File("l0/canary", "x");
        }, true),
        new("an empty link", o => new TarBytes().Symlink("a", ""), true),
        new("links that lead inside", o => new TarBytes().Directory("usr/lib").Symlink("lib", "/usr/lib").File("lib/canary", "x"), false),
        new("a link whose .. stop at the root", o => new TarBytes().Directory("etc").Symlink("a", "../../../etc").File("a/canary", "x"), false),

        new("a hard link to an absolute file outside", o => new TarBytes().Hardlink("a", o + "/canary").File("a", "x"), true),
        new("a hard link with ..", o => new TarBytes().Hardlink("a", "../outside/canary").File("a", "x"), true),
        new("a hard link through a link", o => new TarBytes().Symlink("l", o).Hardlink("a", "l/canary").File("a", "x"), true),
        new("a hard link to a link, written through", o => new TarBytes().Symlink("l", o + "/canary").Hardlink("a", "l").File("a", "x"), false),
        new("a hard link to a link, with a mode", o => new TarBytes().Symlink("l", o + "/canary").Hardlink("a", "l", 0xFFF), false),
        new("a hard link to itself", o => new TarBytes().Hardlink("a", "a"), true),
        new("a hard link to nothing", o => new TarBytes().Hardlink("a", "nothing"), true),
        new("a hard link to a directory", o => new TarBytes().Directory("d").Hardlink("a", "d"), true),
        new("a hard link to the root", o => new TarBytes().Hardlink("a", "."), true),

        new("the root as a link", o => new TarBytes().Symlink(".", o).File("canary", "x"), true),
        new("the root as a link by /", o => new TarBytes().Symlink("/", o).File("canary", "x"), true),
        new("the root as a file", o => new TarBytes().File("./", "").Entry(".", '0', []), true),
        new("the root as a hard link", o => new TarBytes().File("f").Hardlink("./.", "f"), true),
        new("an empty name", o => new TarBytes().Entry("", '0', Encoding.UTF8.GetBytes("x")), true),
        new("the root by a/..", o => new TarBytes().Directory("a").Symlink("a/..", o), true),

        new("a mode for a link's target", o => new TarBytes().Entry("a", '2', [], o + "/canary", 0xFFF, 1234), false),
        new("a mode for a directory behind a link", o => new TarBytes().Symlink("a", o).Directory("a", 0xFFF, 1234), false),
        new("an attribute for a link's target", o => new TarBytes().Pax(("SCHILY.xattr.trusted.yun", "x")).Symlink("a", o + "/canary"), false),
        new("an overlay redirect", o => new TarBytes().Pax(("SCHILY.xattr.trusted.overlay.redirect", o)).Directory("a"), false),
        new("a file capability", o => new TarBytes().PaxBytes("SCHILY.xattr.security.capability", [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).File("a", "x"), false),

        new("a file in a file", o => new TarBytes().File("a", "x").File("a/b", "y"), true),
        new("a file through a fifo", o => new TarBytes().Device("a", '6', 0, 0).File("a/b", "y"), true),
        new("a file in place of a fifo", o => new TarBytes().Device("a", '6', 0, 0).File("a", "y"), false),
        new("a file in place of a device", o => new TarBytes().Device("a", '3', 1, 3).File("a", "y"), false),
        new("a name of 256 bytes", o => new TarBytes().Pax(("path", new string('n', 256))).File("x"), true),
        new("a path of 5000 bytes", o => new TarBytes().Pax(("path", string.Join('/', Enumerable.Repeat(new string('p', 99), 50)))).File("x"), true),
        new("a socket's type", o => new TarBytes().Entry("a", 's', []), true),
        new("a volume of many", o => new TarBytes().Entry("a", 'M', []), true),

        new("a size beyond the archive", o => new TarBytes().Entry("a", '0', [], size: "77777777777\0"), true, true),
        new("a size of 8 EiB", o => new TarBytes().Entry("a", '0', [], size: "\u0080\0\0\0\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff"), true, true),
        new("a negative size", o => new TarBytes().Entry("a", '0', [], size: "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff"), true),
        new("a size that is no number", o => new TarBytes().Entry("a", '0', [], size: "12x45678901\0"), true),
        new("a PAX size that is no number", o => new TarBytes().Pax(("size", "-5")).File("a"), true),
        new("a PAX owner of -1", o => new TarBytes().Pax(("uid", "4294967295")).File("a"), true),
        new("a PAX header of 8 GiB", o => new TarBytes().Entry("x", 'x', [], size: "77777777777\0"), true),
        new("a PAX record longer than its header", o => new TarBytes().Entry("x", 'x', Encoding.ASCII.GetBytes("999 path=a\n")).File("a"), true),
        new("a PAX record without a name", o => new TarBytes().Entry("x", 'x', Encoding.ASCII.GetBytes("6 =ab\n")).File("a"), true),
        new("a PAX header and no entry", o => new TarBytes().Pax(("path", "a")), true),
        new("a wrong checksum", o => new TarBytes().File("a").Entry("b", '0', [], badSum: true), true),
        new("no tar at all", o => new TarBytes().Raw(Encoding.ASCII.GetBytes(new string('x', 2048))), true),
        new("an old sparse map that overlaps", o => OldSparse((0, 512), (100, 512)), true),
        new("an old sparse map beyond its size", o => OldSparse((0, 512), (1L << 40, 512)), true),
        new("a PAX sparse map of a million parts", o => new TarBytes().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"), ("GNU.sparse.realsize", "99"))
            .Entry("s", '0', Encoding.ASCII.GetBytes("99999999\n".PadRight(512, '\0'))), true),
    ];

    private static TarBytes OldSparse(params (long Offset, long Length)[] parts)
    {
        var header = new byte[512];
        "sparse"u8.CopyTo(header);
        "0000644\0"u8.CopyTo(header.AsSpan(100));
        Encoding.ASCII.GetBytes(Convert.ToString(parts.Sum(p => p.Length), 8).PadLeft(11, '0')).CopyTo(header.AsSpan(124));
        Encoding.ASCII.GetBytes("00000000000").CopyTo(header.AsSpan(136));
        header[156] = (byte)'S';
        "ustar  \0"u8.CopyTo(header.AsSpan(257));
        for (var i = 0; i < parts.Length; i++)
        {
            Encoding.ASCII.GetBytes(Convert.ToString(parts[i].Offset, 8).PadLeft(12, '0')[..12]).CopyTo(header.AsSpan(386 + i * 24));
            Encoding.ASCII.GetBytes(Convert.ToString(parts[i].Length, 8).PadLeft(12, '0')).CopyTo(header.AsSpan(398 + i * 24));
        }
        Encoding.ASCII.GetBytes(Convert.ToString(4096, 8).PadLeft(12, '0')).CopyTo(header.AsSpan(483));
        return new TarBytes().Raw(TarBytes.Summed(header)).Raw(new byte[parts.Sum(p => p.Length)]);
    }
}
