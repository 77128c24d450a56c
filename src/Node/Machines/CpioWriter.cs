using System.Globalization;
using System.Text;

namespace Yun.Node.Machines;

/// <summary>Writes what the kernel unpacks as its first root: an archive in the form "newc" of cpio(5).</summary>
public sealed class CpioWriter(Stream archive)
{
    private const uint Directory = 0x4000, RegularFile = 0x8000, CharacterDevice = 0x2000;
    private uint _inode;

    public void WriteDirectory(string path) => Write(path, Directory | 0x1ED, [], 0, 0);

    public void WriteFile(string path, ReadOnlySpan<byte> content, uint mode = 0x1ED) => Write(path, RegularFile | mode, content, 0, 0);

    public void WriteCharacterDevice(string path, uint major, uint minor) => Write(path, CharacterDevice | 0x180, [], major, minor);

    public void Finish() => Write("TRAILER!!!", 0, [], 0, 0);

    private void Write(string path, uint mode, ReadOnlySpan<byte> content, uint major, uint minor)
    {
        var name = Encoding.UTF8.GetBytes(path + "\0");
        // Number, mode, owner, group, links, time, size, device of the file system, device, length of the name, check sum.
        uint[] fields = [++_inode, mode, 0, 0, 1, 0, (uint)content.Length, 0, 0, major, minor, (uint)name.Length, 0];
        archive.Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(field => field.ToString("x8", CultureInfo.InvariantCulture)))));
        archive.Write(name);
        Pad(110 + name.Length);
        archive.Write(content);
        Pad(content.Length);
    }

    private void Pad(int length) => archive.Write("\0\0\0"u8[..(-length & 3)]);
}
