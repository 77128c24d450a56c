using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>Documents from elsewhere, read up to a limit, whatever length was announced.</summary>
public static class Bounded
{
    /// <exception cref="EngineException">InvalidArgument: it is larger.</exception>
    public static async Task<byte[]> ReadAsync(Stream stream, int max, string what, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0;)
        {
            if (bytes.Length + read > max) throw new EngineException(ErrorKind.InvalidArgument, $"The {what} is larger than {max >> 10} KiB.");
            bytes.Write(buffer, 0, read);
        }
        return bytes.ToArray();
    }
}
