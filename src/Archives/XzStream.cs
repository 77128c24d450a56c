using System.Runtime.InteropServices;

namespace Yun.Archives;

/// <summary>Decompresses xz with liblzma, which every Debian and Ubuntu has for its own packages.</summary>
public sealed unsafe partial class XzStream : DecoderStream
{
    private const string Library = "liblzma.so.5";
    // What xz -9 needs is 65 MiB; an archive that claims to need more than this is refused.
    private const ulong MemoryMax = 256 << 20;
    private const uint Concatenated = 8;
    private const int Run = 0, Finish = 3, Ok = 0, StreamEnd = 1, BufferError = 10;

    // In unmanaged memory: the library keeps a pointer to it.
    private State* _state;

    public XzStream(Stream compressed) : base(compressed)
    {
        _state = (State*)NativeMemory.AllocZeroed((nuint)sizeof(State));
        if (lzma_stream_decoder(_state, MemoryMax, Concatenated) != Ok) throw new InvalidDataException("The xz decoder could not be set up.");
    }

    ~XzStream() => Free();

    protected override (int Taken, int Given, bool Complete) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last)
    {
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            _state->NextIn = from;
            _state->AvailableIn = (nuint)input.Length;
            _state->NextOut = to;
            _state->AvailableOut = (nuint)output.Length;
            var result = lzma_code(_state, last ? Finish : Run);
            if (result is not (Ok or StreamEnd or BufferError)) throw new InvalidDataException($"The xz data is damaged (lzma error {result}).");
            return (input.Length - (int)_state->AvailableIn, output.Length - (int)_state->AvailableOut, result == StreamEnd);
        }
    }

    protected override void Dispose(bool disposing)
    {
        Free();
        base.Dispose(disposing);
    }

    private void Free()
    {
        if (_state is null) return;
        lzma_end(_state);
        NativeMemory.Free(_state);
        _state = null;
    }

    [LibraryImport(Library)]
    private static partial int lzma_stream_decoder(State* stream, ulong memoryMax, uint flags);

    [LibraryImport(Library)]
    private static partial int lzma_code(State* stream, int action);

    [LibraryImport(Library)]
    private static partial void lzma_end(State* stream);

    /// <summary>lzma_stream of lzma/base.h; what follows its first fields is the library's own.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 136)]
    private struct State
    {
        public byte* NextIn;
        public nuint AvailableIn;
        public ulong TotalIn;
        public byte* NextOut;
        public nuint AvailableOut;
        public ulong TotalOut;
    }
}
