using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Guest.Wire;

/// <summary>Frames over a descriptor that blocks. Any thread may send; one receives.</summary>
internal sealed class FrameStream(SafeFileHandle descriptor) : IDisposable
{
    private readonly Lock _sending = new();

    /// <summary>Nothing happens when the other end is gone: the receiving thread finds that out.</summary>
    public void Send(FrameKind kind, uint session, params ReadOnlySpan<byte> content)
    {
        // In one write: what a frame costs a virtual machine is the number of its calls.
        var whole = new byte[Frame.HeaderBytes + content.Length];
        whole[0] = (byte)kind;
        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(4), session);
        BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(8), content.Length);
        content.CopyTo(whole.AsSpan(Frame.HeaderBytes));
        lock (_sending)
        {
            try { Pipe.WriteAll(descriptor, whole); }
            catch (SyscallException) { /* As above. */ }
        }
    }

    public void Send(FrameKind kind, uint session, int number)
    {
        Span<byte> content = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(content, number);
        Send(kind, session, content);
    }

    /// <summary>The next frame; null when the other end is gone, or says what no peer of ours would.</summary>
    public Frame? Receive()
    {
        Span<byte> header = stackalloc byte[Frame.HeaderBytes];
        if (!Fill(header)) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (length is < 0 or > Frame.ContentMax) return null;
        var content = new byte[length];
        return Fill(content) ? new Frame((FrameKind)header[0], BinaryPrimitives.ReadUInt32LittleEndian(header[4..]), content) : null;
    }

    private bool Fill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = Descriptors.Read(descriptor, buffer, out _);
            if (count <= 0) return false;
            buffer = buffer[count..];
        }
        return true;
    }

    public void Dispose() => descriptor.Dispose();
}
