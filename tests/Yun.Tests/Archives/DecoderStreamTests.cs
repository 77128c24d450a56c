using System.Diagnostics;
using System.Security.Cryptography;
using Yun.Archives;

namespace Yun.Tests.Archives;

public sealed class DecoderStreamTests
{
    // Random halves do not compress, so that the data spans many of the decoders' buffers.
    private static readonly byte[] s_data = [.. RandomNumberGenerator.GetBytes(300_000), .. new byte[500_000], .. RandomNumberGenerator.GetBytes(100_000)];

    private static byte[] Compressed(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, "-c") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            var writing = Task.Run(() =>
            {
                process.StandardInput.BaseStream.Write(s_data);
                process.StandardInput.Close();
            });
            using var result = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(result);
            writing.Wait();
            process.WaitForExit();
            return result.ToArray();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not installed.");
            throw;
        }
    }

    private static async Task<byte[]> ReadAsync(string program, byte[] compressed)
    {
        await using Stream stream = program == "xz" ? new XzStream(new MemoryStream(compressed)) : new Bzip2Stream(new MemoryStream(compressed));
        using var result = new MemoryStream();
        await stream.CopyToAsync(result);
        return result.ToArray();
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task What_a_program_compressed_is_read(string program) => Assert.Equal(s_data, await ReadAsync(program, Compressed(program)));

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task Two_streams_in_a_row_are_one(string program)
    {
        var one = Compressed(program);
        byte[] twice = [.. s_data, .. s_data];
        Assert.Equal(twice, await ReadAsync(program, [.. one, .. one]));
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task Half_a_stream_is_an_error(string program)
    {
        var whole = Compressed(program);
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(program, whole[..(whole.Length / 2)]));
    }

    [Fact]
    public async Task Damage_is_an_error()
    {
        var damaged = Compressed("xz");
        damaged[damaged.Length / 2] ^= 1;
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync("xz", damaged));
    }
}
