using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>Sizes as docker/go-units reads them: a number and b, k, m, g or t, powers of 1024.</summary>
public static class ByteSize
{
    /// <exception cref="EngineException">It is no size above zero.</exception>
    public static long Parse(string text)
    {
        var lower = text.Trim().ToLowerInvariant().TrimEnd('b').TrimEnd('i');
        var shift = lower.Length > 0 ? lower[^1] switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 } : 0;
        var number = shift > 0 ? lower[..^1] : lower;
        return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 1_000_000_000
            ? (long)(value * (1L << shift))
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid size: '{text}'");
    }
}
