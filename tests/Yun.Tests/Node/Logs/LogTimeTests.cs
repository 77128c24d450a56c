using System.Text;
using Yun.Node.Logs;

namespace Yun.Tests.Node.Logs;

public sealed class LogTimeTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("2026-11-23T02:22:20.123456789Z", 1795400540123456789)]
    [InlineData("2026-11-23T02:22:20.5Z", 1795400540500000000)]
    [InlineData("2026-11-23T04:22:20.5+02:00", 1795400540500000000)]
    [InlineData("1969-12-31T23:59:59.999999999Z", -1)]
    public void RFC_3339_is_read_to_the_nanosecond(string text, long nanoseconds)
    {
        Assert.True(LogTime.TryParse(Encoding.ASCII.GetBytes(text), out var time));
        Assert.Equal(nanoseconds, time.Nanoseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-23")]
    [InlineData("2026-13-23T02:22:20Z")]
    [InlineData("2026-02-30T02:22:20Z")]
    [InlineData("2026-11-23T02:22:20")]
    [InlineData("2026-11-23T02:22:2xZ")]
    [InlineData("2026-11-23T02:22:20.1+2:00")]
    public void What_is_no_time_is_refused(string text) => Assert.False(LogTime.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00.000000000Z")]
    [InlineData(1795400540123456789, "2026-11-23T02:22:20.123456789Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999999999Z")]
    public void A_time_is_written_with_nine_decimals(long nanoseconds, string text) => Assert.Equal(text, new LogTime(nanoseconds).ToString());

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("1795400540", 1795400540000000000)]
    [InlineData("1795400540.5", 1795400540500000000)]
    [InlineData("1795400540.000000001", 1795400540000000001)]
    [InlineData("1795400540.0000000001", null)]
    [InlineData("yesterday", null)]
    public void Seconds_with_decimals_are_read_as_clients_send_them(string text, long? nanoseconds) => Assert.Equal(nanoseconds, LogTime.TryParseSeconds(text)?.Nanoseconds);
}
