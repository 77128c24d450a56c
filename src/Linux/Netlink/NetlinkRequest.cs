using System.Runtime.InteropServices;

namespace Yun.Linux.Netlink;

/// <summary>Messages that are sent together. Each has a name for the person who reads of its failure.</summary>
public sealed class NetlinkRequest
{
    private readonly NetlinkWriter _writer = new();
    private readonly List<(string Call, string? Target, bool Answered)> _operations = [];
    private byte[] _sealed = [];

    /// <summary>How many answers to wait for.</summary>
    internal int Count { get; private set; }

    internal int Span => _operations.Count;

    /// <summary>Begins a message; write its body into what is returned, then <see cref="NetlinkWriter.End"/>.</summary>
    /// <param name="call">What the message does, as an error names it: <c>create bridge</c>.</param>
    public NetlinkWriter Begin(int type, NetlinkFlags flags, string call, string? target = null)
    {
        _writer.Begin((ushort)type, flags | NetlinkFlags.Request, (uint)_operations.Count);
        var answered = (flags & NetlinkFlags.Acknowledge) != 0;
        _operations.Add((call, target, answered));
        if (answered) Count++;
        return _writer;
    }

    internal bool Owns(uint index) => index < _operations.Count;

    internal bool IsAnswered(uint index) => _operations[(int)index].Answered;

    internal SyscallException Failure(uint index, Errno errno, string? explanation)
    {
        var (call, target, _) = _operations[(int)index];
        return new SyscallException(call, errno, explanation is null ? target : target is null ? $"({explanation})" : $"{target} ({explanation})");
    }

    /// <summary>The bytes to send, with sequence numbers from <paramref name="first"/> on, so that late answers to an earlier request are told apart.</summary>
    internal ReadOnlySpan<byte> Seal(uint first)
    {
        _sealed = _writer.Written.ToArray();
        uint index = 0;
        for (var at = 0; at < _sealed.Length;)
        {
            MemoryMarshal.Write(_sealed.AsSpan(at + 8), first + index++);
            at += (int)((MemoryMarshal.Read<uint>(_sealed.AsSpan(at)) + 3) & ~3u);
        }
        return _sealed;
    }
}
