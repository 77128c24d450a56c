using System.Text;
using Yun.Runtime;
using Yun.Runtime.Keep.Logs;

namespace Yun.Tests.Runtime.Keep;

public sealed class RecordBufferTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\"\\/\r\t\u0001\u001b[0m\u007f", "\\\"\\\\/\\r\\u0009\\u0001\\u001b[0m\u007f")]
    [InlineData("<a href='x'>&", "\\u003ca href='x'\\u003e\\u0026")]
    [InlineData("é 云 \U0001F600 \u2028\u2029", "é 云 \U0001F600 \\u2028\\u2029")]
    public void Text_is_escaped_as_Docker_does(string text, string json) =>
        Assert.Equal($"{{\"log\":\"{json}\\n\",\"stream\":\"stderr\",\"time\":\"T\"}}\n", Encode(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Each_byte_that_is_not_UTF8_is_replaced() =>
        Assert.Equal("{\"log\":\"a\\ufffd\\ufffd\\ufffdb\\n\",\"stream\":\"stderr\",\"time\":\"T\"}\n", Encode([(byte)'a', 0xff, 0xe4, 0xba, (byte)'b']));

    [Fact]
    public void Attributes_come_in_order_of_their_names()
    {
        var attributes = RecordBuffer.Encode(new() { ["b"] = "2\"", ["a"] = "<1>" });
        Assert.Equal("{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"a\":\"\\u003c1\\u003e\",\"b\":\"2\\\"\"},\"time\":\"T\"}\n", Encode("x"u8.ToArray(), attributes));
    }

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456789Z")]
    [InlineData(1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z")]
    [InlineData(1_700_000_000_000_000_001, "2023-11-14T22:13:20.000000001Z")]
    public void A_time_has_the_decimals_it_needs(long nanoseconds, string text)
    {
        var time = Timestamp.Of(nanoseconds);
        Assert.Equal(text, Encoding.ASCII.GetString(time.Text));
    }

    private static string Encode(byte[] line, byte[]? attributes = null)
    {
        var records = new RecordBuffer();
        records.Append(line, endsLine: true, "stderr"u8, attributes, "T"u8);
        return Encoding.UTF8.GetString(records.Written);
    }
}
