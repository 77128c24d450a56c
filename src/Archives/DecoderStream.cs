namespace Yun.Archives;

/// <summary>Decompresses with a C library's decoder, which takes some input and gives some output at each step.</summary>
public abstract class DecoderStream(Stream compressed) : Stream
{
    private readonly byte[] _input = new byte[65536];
    private int _start, _end;
    private bool _inputOver, _over;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (!_over && buffer.Length > 0)
        {
            if (_start == _end && !_inputOver) Fed(compressed.Read(_input));
            if (Step(buffer) is > 0 and var written) return written;
        }
        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!_over && buffer.Length > 0)
        {
            if (_start == _end && !_inputOver) Fed(await compressed.ReadAsync(_input, cancellationToken));
            if (Step(buffer.Span) is > 0 and var written) return written;
        }
        return 0;
    }

    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) compressed.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Takes from <paramref name="input"/>, gives to <paramref name="output"/>.</summary>
    /// <param name="last">There is no input after this.</param>
    /// <returns>How much was taken and given, and whether the compressed data is complete.</returns>
    /// <exception cref="InvalidDataException">The data is damaged.</exception>
    protected abstract (int Taken, int Given, bool Complete) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last);

    private void Fed(int length)
    {
        (_start, _end) = (0, length);
        _inputOver = length == 0;
    }

    private int Step(Span<byte> output)
    {
        var (taken, given, complete) = Decode(_input.AsSpan(_start, _end - _start), output, _inputOver);
        _start += taken;
        _over = complete;
        if (!complete && _inputOver && taken == 0 && given == 0) throw new InvalidDataException("The compressed data ends in the middle.");
        return given;
    }
}
