using Yun.Linux;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime.Commands;

namespace Yun.Tests.Runtime.Cgroups;

/// <summary>Limits of disks, where this machine's kernel holds to them: by blkio or by io.</summary>
public sealed class DiskLimitTests : IDisposable
{
    private const int BlockBytes = 16 << 10;
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    // The disk that the bundle is on; of a partition, the disk that it is part of.
    private (long Major, long Minor) Disk()
    {
        FileStatus status;
        using (var folder = PathDescriptor.Open(null, _bundle.Folder, OpenFlags.Path)) status = FileAt.Status(folder);
        var device = $"/sys/dev/block/{(uint)(status.FileSystem >> 32)}:{(uint)status.FileSystem}";
        Assert.SkipUnless(Directory.Exists(device), $"{_bundle.Folder} is not on a disk");
        if (File.Exists($"{device}/partition")) device += "/..";
        var numbers = File.ReadAllText($"{device}/dev").Trim().Split(':');
        return (long.Parse(numbers[0]), long.Parse(numbers[1]));
    }

    private RuntimeSpec Writer(string file, int blocks)
    {
        var spec = _bundle.Script($"dd if=/dev/zero of=/{file} bs={BlockBytes} count={blocks} oflag=direct");
        spec.Root!.Readonly = false;
        return spec;
    }

    private long Written(string file) => new FileInfo(Path.Combine(_bundle.Root, file)) is { Exists: true } written ? written.Length : 0;

    [Fact]
    public async Task Who_may_write_little_to_a_disk_falls_behind_who_may_write_all()
    {
        var (major, minor) = Disk();
        var limited = Writer("slow", 1024);
        limited.Linux!.Resources!.BlockIO = new() { ThrottleWriteBpsDevice = [new() { Major = major, Minor = minor, Rate = 4 * BlockBytes }] };
        var id = await _bundle.CreateAsync(limited);
        (await _bundle.RunAsync("start", id)).Succeeded();
        await Eventually.HoldsAsync(() => Task.FromResult(Written("slow") > 0));
        (await _bundle.RunAsync(Writer("fast", 128))).Succeeded();
        Assert.InRange(Written("slow"), BlockBytes, Written("fast") - 1);
        Assert.Equal("running", await _bundle.StatusAsync(id));
    }
}
