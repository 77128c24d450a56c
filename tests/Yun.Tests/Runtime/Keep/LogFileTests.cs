using System.Text;
using Yun.Protocol;
using Yun.Runtime.Keep.Logs;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Keep;

public sealed class LogFileTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_rotated_before_the_record_after_the_one_that_filled_it()
    {
        var log = new LogFile(new KeeperLog { Path = _folder["log"], FileBytesMax = 10, FilesMax = 3 });
        log.Write("12345\n"u8);
        log.Write("67890\nabcde\nfghij\n"u8);
        log.Write("last\n"u8);
        log.Close(() => { });
        Assert.Equal(("12345\n67890\n", "abcde\nfghij\n", "last\n"), (_folder.Read("log.2"), _folder.Read("log.1"), _folder.Read("log")));
    }

    [Fact]
    public void One_file_alone_begins_anew()
    {
        var log = new LogFile(new KeeperLog { Path = _folder["log"], FileBytesMax = 10, FilesMax = 1 });
        log.Write("12345\n67890\nabcde\n"u8);
        log.Close(() => { });
        Assert.Equal(["log"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
        Assert.Equal("abcde\n", _folder.Read("log"));
    }

    [Fact]
    public void A_log_is_continued_and_its_size_counts()
    {
        _folder.Write("log", "1234567890\n");
        var log = new LogFile(new KeeperLog { Path = _folder["log"], FileBytesMax = 10, FilesMax = 2 });
        log.Write("new\n"u8);
        log.Close(() => { });
        Assert.Equal(("1234567890\n", "new\n"), (_folder.Read("log.1"), _folder.Read("log")));
    }

    [Fact]
    public async Task What_exceeds_the_buffer_of_a_log_that_never_blocks_is_lost_by_whole_lines()
    {
        var log = new RingLog(new KeeperLog { Path = _folder["log"], BufferBytesMax = 1000 });
        var line = Encoding.ASCII.GetBytes(new string('x', 99) + "\n");
        for (var i = 0; i < 100; i++) log.Write([.. Enumerable.Range(0, 50).SelectMany(_ => line)]);
        var closed = new TaskCompletionSource();
        log.Close(closed.SetResult);
        await closed.Task;
        var lines = File.ReadAllLines(_folder["log"]);
        Assert.InRange(lines.Length, 10, 4999);
        Assert.All(lines, text => Assert.Equal(99, text.Length));
    }

    [Fact]
    public void A_disk_that_takes_nothing_stops_nobody()
    {
        var log = new LogFile(new KeeperLog { Path = "/dev/full" });
        log.Write("lost\n"u8);
        log.Close(() => { });
    }
}
