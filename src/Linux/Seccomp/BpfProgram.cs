using System.Buffers.Binary;

namespace Yun.Linux.Seccomp;

/// <summary>
/// A classic BPF program written from its end to its start. All jumps of BPF go forward, so writing backwards every target is known when a jump to it is written.
/// A label is how many instructions stand from there to the end.
/// </summary>
internal sealed class BpfProgram
{
    private const ushort LoadWord = 0x20, And = 0x54, JumpAlways = 0x05, JumpEqual = 0x15, JumpGreater = 0x25, JumpGreaterOrEqual = 0x35, Return = 0x06;
    private readonly List<ulong> _backwards = new(256);
    private readonly Dictionary<uint, int> _returns = [];

    /// <summary>The instruction written last, which runs first of all so far.</summary>
    public int Here => _backwards.Count;

    public int LoadAt(uint offset) => Write(LoadWord, 0, 0, offset);

    public int AndWith(uint mask) => Write(And, 0, 0, mask);

    /// <summary>Where to jump to in order to return a value; written once for each value, and again where a jump would be too far.</summary>
    public int ReturnOf(uint value)
    {
        if (_returns.TryGetValue(value, out var label) && Here - label < 200) return label;
        return _returns[value] = Write(Return, 0, 0, value);
    }

    public int IfEqual(uint value, int then, int otherwise) => Jump(JumpEqual, value, then, otherwise);

    public int IfGreater(uint value, int then, int otherwise) => Jump(JumpGreater, value, then, otherwise);

    public int IfGreaterOrEqual(uint value, int then, int otherwise) => Jump(JumpGreaterOrEqual, value, then, otherwise);

    /// <summary>The program in the kernel's form, 8 bytes an instruction.</summary>
    public byte[] ToArray()
    {
        if (_backwards.Count > 4096) throw new InvalidOperationException($"The seccomp filter has {_backwards.Count} instructions; the kernel takes at most 4096.");
        var bytes = new byte[_backwards.Count * 8];
        for (var i = 0; i < _backwards.Count; i++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), _backwards[^(i + 1)]);
        return bytes;
    }

    private int Jump(ushort code, uint value, int then, int otherwise)
    {
        // A conditional jump reaches 255 instructions; farther targets go through an unconditional one, which reaches all.
        if (Here - then > 250) then = Write(JumpAlways, 0, 0, (uint)(Here - then));
        if (Here - otherwise > 250) otherwise = Write(JumpAlways, 0, 0, (uint)(Here - otherwise));
        return Write(code, (byte)(Here - then), (byte)(Here - otherwise), value);
    }

    private int Write(ushort code, byte jumpTrue, byte jumpFalse, uint value)
    {
        _backwards.Add(code | (ulong)jumpTrue << 16 | (ulong)jumpFalse << 24 | (ulong)value << 32);
        return _backwards.Count;
    }
}
