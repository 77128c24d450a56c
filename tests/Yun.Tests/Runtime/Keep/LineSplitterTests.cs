using System.Text;
using System.Text.Json;
using Yun.Runtime;
using Yun.Runtime.Keep.Logs;

namespace Yun.Tests.Runtime.Keep;

public sealed class LineSplitterTests
{
    [Theory]
    [InlineData("one\ntwo\n", new[] { "one\n", "two\n" })]
    [InlineData("\n\n", new[] { "\n", "\n" })]
    [InlineData("no newline", new[] { "no newline" })]
    [InlineData("", new string[0])]
    public void Lines_keep_their_newline(string output, string[] lines)
    {
        // However the output is cut, the lines are the same.
        for (var portion = 1; portion <= output.Length + 1; portion++) Assert.Equal(lines, Split(Encoding.UTF8.GetBytes(output), portion).Select(line => line.Text));
    }

    [Theory]
    [InlineData(16383, new[] { 16384 })]
    [InlineData(16384, new[] { 16384, 1 })]
    [InlineData(16385, new[] { 16384, 2 })]
    [InlineData(40000, new[] { 16384, 16384, 7233 })]
    public void A_line_longer_than_16_KiB_is_written_in_parts(int length, int[] parts)
    {
        var output = Encoding.UTF8.GetBytes(new string('x', length) + "\n");
        foreach (var portion in (int[])[1000, 16384, 65536])
        {
            var lines = Split(output, portion);
            Assert.Equal(parts, lines.Select(line => line.Text.Length));
            Assert.Single(lines.Select(line => line.Time).Distinct());
        }
    }

    [Fact]
    public void A_line_has_the_time_at_which_it_was_complete()
    {
        var records = new RecordBuffer();
        var splitter = new LineSplitter("stdout"u8.ToArray(), []);
        splitter.Take("a"u8, Timestamp.Of(1_000_000_000), records);
        splitter.Take("b\nc"u8, Timestamp.Of(2_000_000_000), records);
        splitter.End(Timestamp.Of(3_000_000_000), records);
        Assert.Equal(
            """
            {"log":"ab\n","stream":"stdout","time":"1970-01-01T00:00:02Z"}
            {"log":"c","stream":"stdout","time":"1970-01-01T00:00:03Z"}

            """, Encoding.UTF8.GetString(records.Written));
    }

    private static List<(string Text, string Time)> Split(byte[] output, int portion)
    {
        var records = new RecordBuffer();
        var splitter = new LineSplitter("stdout"u8.ToArray(), []);
        var now = 0L;
        for (var at = 0; at < output.Length; at += portion)
            splitter.Take(output.AsSpan(at, Math.Min(portion, output.Length - at)), Timestamp.Of(output.Length > 100 ? 5 : now += 1_000_000_000), records);
        splitter.End(Timestamp.Of(5), records);
        return [.. Encoding.UTF8.GetString(records.Written).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => (line.GetProperty("log").GetString()!, line.GetProperty("time").GetString()!))];
    }
}
