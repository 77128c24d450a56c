using System.Runtime.InteropServices;

namespace Yun.Archives;

/// <summary>Decompresses bzip2 with libbz2. Several streams one after the other, as pbzip2 writes them, are one.</summary>
public sealed unsafe partial class Bzip2Stream : DecoderStream
{
    private const string Library = "libbz2.so.1.0";
    private const int Ok = 0, StreamEnd = 4;

    // In unmanaged memory: the library compares the pointer it was given first with later ones.
    private State* _state;
    private bool _between;

    public Bzip2Stream(Stream compressed) : base(compressed)
    {
        _state = (State*)NativeMemory.AllocZeroed((nuint)sizeof(State));
        Begin();
    }

    ~Bzip2Stream() => Free();

    protected override (int Taken, int Given, bool Complete) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool last)
    {
        if (_between)
        {
            if (input.IsEmpty) return (0, 0, last);
            _ = BZ2_bzDecompressEnd(_state);
            Begin();
            _between = false;
        }
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            _state->NextIn = from;
            _state->AvailableIn = (uint)input.Length;
            _state->NextOut = to;
            _state->AvailableOut = (uint)output.Length;
            var result = BZ2_bzDecompress(_state);
            if (result is not (Ok or StreamEnd)) throw new InvalidDataException($"The bzip2 data is damaged (bzip2 error {result}).");
            _between = result == StreamEnd;
            return (input.Length - (int)_state->AvailableIn, output.Length - (int)_state->AvailableOut, false);
        }
    }

    protected override void Dispose(bool disposing)
    {
        Free();
        base.Dispose(disposing);
    }

    private void Begin()
    {
        if (BZ2_bzDecompressInit(_state, 0, 0) != Ok) throw new InvalidDataException("The bzip2 decoder could not be set up.");
    }

    private void Free()
    {
        if (_state is null) return;
        _ = BZ2_bzDecompressEnd(_state);
        NativeMemory.Free(_state);
        _state = null;
    }

    [LibraryImport(Library)]
    private static partial int BZ2_bzDecompressInit(State* stream, int verbosity, int small);

    [LibraryImport(Library)]
    private static partial int BZ2_bzDecompress(State* stream);

    [LibraryImport(Library)]
    private static partial int BZ2_bzDecompressEnd(State* stream);

    /// <summary>bz_stream of bzlib.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public byte* NextIn;
        public uint AvailableIn, TotalInLow, TotalInHigh;
        public byte* NextOut;
        public uint AvailableOut, TotalOutLow, TotalOutHigh;
        public nint Own, Allocate, Release, Opaque;
    }
}
