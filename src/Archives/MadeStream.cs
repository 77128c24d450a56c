namespace Yun.Archives;

/// <summary>What a function writes, read as a stream while it writes: a tar on its way to a client needs no room of its own.</summary>
internal sealed class MadeStream : BlockStream
{
    private byte[]? _block;
    private int _length;

    /// <param name="make">Called on a thread of its own with the function that takes bytes.</param>
    public MadeStream(Action<Action<ReadOnlySpan<byte>>> make, CancellationToken cancel) : base(cancel) => Start(() =>
    {
        try
        {
            make(Take);
            if (_length > 0) Pass();
        }
        finally
        {
            if (_block is not null) Return(_block);
        }
    });

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            _block ??= Rent();
            var length = Math.Min(bytes.Length, BlockSize - _length);
            bytes[..length].CopyTo(_block.AsSpan(_length));
            _length += length;
            bytes = bytes[length..];
            if (_length == BlockSize) Pass();
        }
    }

    private void Pass()
    {
        var (block, length) = (_block!, _length);
        (_block, _length) = (null, 0);
        Give(block, length);
    }
}
