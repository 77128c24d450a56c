using System.Text;
using Yun.Linux;
using Yun.Node.Logs;

namespace Yun.Tests.Node.Logs;

public sealed class LogReaderTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("yun-logs-");
    private readonly DirectoryWatcher _watcher = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string LogPath => Path.Combine(_directory.FullName, "c-json.log");

    public void Dispose()
    {
        _stopped.TrySetResult();
        _watcher.Dispose();
        _directory.Delete(true);
    }

    [Fact]
    public async Task A_log_is_read_whole_and_in_order()
    {
        Write(LogPath, 0, 1000);
        Assert.Equal(Numbers(0, 1000), await ReadAsync(new LogQuery()));
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_empty() => Assert.Empty(await ReadAsync(new LogQuery()));

    [Fact]
    public async Task Rotated_files_come_before_the_current_one()
    {
        Write(LogPath + ".2", 0, 10);
        Write(LogPath + ".1", 10, 20);
        Write(LogPath, 20, 30);
        Assert.Equal(Numbers(0, 30), await ReadAsync(new LogQuery()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(15)]
    [InlineData(25)]
    [InlineData(30)]
    [InlineData(999)]
    public async Task The_tail_is_the_last_records_of_all_files(int tail)
    {
        Write(LogPath + ".2", 0, 10);
        Write(LogPath + ".1", 10, 20);
        Write(LogPath, 20, 30);
        Assert.Equal(Numbers(Math.Max(0, 30 - tail), 30), await ReadAsync(new LogQuery(Tail: tail)));
    }

    [Fact]
    public async Task The_tail_of_a_long_log_needs_no_more_than_its_end()
    {
        Write(LogPath, 0, 20_000);
        Assert.Equal(Numbers(12_345, 20_000), await ReadAsync(new LogQuery(Tail: 20_000 - 12_345)));
    }

    [Fact]
    public async Task Only_the_streams_asked_for_are_given()
    {
        File.WriteAllText(LogPath, Line("out", 1) + Line("err", 2, "stderr"));
        Assert.Equal(["err\n"], await ReadAsync(new LogQuery(Stdout: false)));
        Assert.Equal(["out\n"], await ReadAsync(new LogQuery(Stderr: false)));
    }

    [Fact]
    public async Task Since_and_until_are_inclusive()
    {
        Write(LogPath, 0, 10);
        Assert.Equal(Numbers(3, 8), await ReadAsync(new LogQuery(Since: At(3), Until: At(7))));
    }

    [Fact]
    public async Task A_damaged_line_hides_no_other()
    {
        File.WriteAllText(LogPath, Line("a", 1) + "{\"log\":\"torn" + "\n" + new string('\0', 4096) + "\n" + Line("b", 2) + "{\"log\":\"unfinished");
        Assert.Equal(["a\n", "b\n"], await ReadAsync(new LogQuery()));
    }

    [Fact]
    public async Task A_line_that_never_ends_takes_no_memory_and_hides_no_other()
    {
        File.WriteAllText(LogPath, Line("a", 1) + new string('x', 8 << 20) + "\n" + Line("b", 2));
        Assert.Equal(["a\n", "b\n"], await ReadAsync(new LogQuery()));
    }

    [Fact]
    public async Task Following_gives_what_is_written_later_and_ends_with_the_container()
    {
        Write(LogPath, 0, 3);
        var reading = ReadAsync(new LogQuery(Tail: 1, Follow: true));
        Write(LogPath, 3, 500);
        _stopped.SetResult();
        Assert.Equal(Numbers(2, 500), await reading);
    }

    [Fact]
    public async Task Following_begins_before_the_log_exists()
    {
        var reading = ReadAsync(new LogQuery(Follow: true));
        Write(LogPath, 0, 3);
        _stopped.SetResult();
        Assert.Equal(Numbers(0, 3), await reading);
    }

    [Fact]
    public async Task Following_loses_nothing_and_repeats_nothing_when_files_are_rotated()
    {
        Write(LogPath, 0, 10);
        var got = new List<string>();
        using var reader = Open(new LogQuery(Follow: true));
        var reading = DrainAsync(reader, got);
        for (var i = 1; i < 40; i++)
        {
            while (Count(got) < i * 10) await Task.Yield();
            Append(LogPath, i * 10, i * 10 + 5);
            Rotate(3);
            Append(LogPath, i * 10 + 5, i * 10 + 10);
        }
        _stopped.SetResult();
        await reading;
        Assert.Equal(Numbers(0, 400), got);
    }

    [Fact]
    public async Task A_follower_that_was_too_slow_goes_on_with_the_oldest_that_is_left()
    {
        Write(LogPath, 0, 10);
        using var reader = Open(new LogQuery(Follow: true));
        var got = new List<string>();
        Drain(reader, got);
        for (var i = 1; i < 6; i++)
        {
            Rotate(2);
            Append(LogPath, i * 10, i * 10 + 10);
        }
        _stopped.SetResult();
        await DrainAsync(reader, got);
        Assert.Equal([.. Numbers(0, 10), .. Numbers(40, 60)], got);
    }

    [Fact]
    public async Task A_log_emptied_while_it_is_followed_goes_on_from_its_new_beginning()
    {
        Write(LogPath, 0, 100);
        using var reader = Open(new LogQuery(Follow: true));
        var got = new List<string>();
        Drain(reader, got);
        using (var file = File.OpenWrite(LogPath)) file.SetLength(0);
        Drain(reader, got);
        Append(LogPath, 100, 103);
        _stopped.SetResult();
        await DrainAsync(reader, got);
        Assert.Equal(Numbers(0, 103), got);
    }

    [Fact]
    public async Task A_reader_that_is_cancelled_stops_waiting()
    {
        using var cancel = new CancellationTokenSource();
        using var reader = Open(new LogQuery(Follow: true));
        await reader.WaitToReadAsync(cancel.Token);
        var waiting = reader.WaitToReadAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public void Attributes_are_read_only_when_asked_for()
    {
        File.WriteAllText(LogPath, "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"attrs\":{\"b c\":\"2\",\"a\":\"1/2\"},\"time\":\"2026-01-02T03:04:05.6Z\"}\n");
        using var reader = Open(new LogQuery(Attributes: true));
        Assert.True(reader.TryRead(out var entry));
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        new LogText(Framed: true, Times: true, Attributes: true).Write(output, entry);
        Assert.Equal("2026-01-02T03:04:05.600000000Z a=1%2F2,b+c=2 x\n", Encoding.UTF8.GetString(output.WrittenSpan[8..]));
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, (byte)(output.WrittenCount - 8)], output.WrittenSpan[..8].ToArray());
    }

    private LogReader Open(LogQuery query) => new(LogPath, query, _stopped.Task, _watcher, TimeProvider.System);

    // The reader is open when this returns; it has not been asked for anything.
    private Task<List<string>> ReadAsync(LogQuery query)
    {
        var reader = Open(query);
        return Task.Run(async () =>
        {
            using (reader)
            {
                var got = new List<string>();
                await DrainAsync(reader, got);
                return got;
            }
        });
    }

    private static async Task DrainAsync(LogReader reader, List<string> got)
    {
        while (await reader.WaitToReadAsync()) Drain(reader, got);
    }

    private static void Drain(LogReader reader, List<string> got)
    {
        while (reader.TryRead(out var entry))
            lock (got) got.Add(Encoding.UTF8.GetString(entry.Text.Span));
    }

    private static int Count(List<string> got) { lock (got) return got.Count; }

    private void Rotate(int files)
    {
        for (var i = files; i > 1; i--)
            if (File.Exists($"{LogPath}.{i - 1}")) File.Move($"{LogPath}.{i - 1}", $"{LogPath}.{i}", true);
        File.Move(LogPath, LogPath + ".1", true);
        if (files == 2) File.Delete(LogPath + ".2");
    }

    private static IEnumerable<string> Numbers(int from, int to) => Enumerable.Range(from, to - from).Select(i => $"line {i}\n");

    private static LogTime At(int number) => new((1_700_000_000L + number) * 1_000_000_000);

    private static string Line(string text, int number, string stream = "stdout") => $"{{\"log\":\"{text}\\n\",\"stream\":\"{stream}\",\"time\":\"{At(number)}\"}}\n";

    private static void Write(string path, int from, int to) => Append(path, from, to);

    private static void Append(string path, int from, int to) => File.AppendAllText(path, string.Concat(Enumerable.Range(from, to - from).Select(i => Line($"line {i}", i))));
}
