using System.Buffers.Binary;

namespace Yun.Protocol;

// What the daemon and the keeper say to each other, over a unix stream socket:
//
//   daemon                                   keeper
//     | -- hello {Version} ----------------->  |   the first request of a connection
//     | <------------------- hello {Version}-  |
//     | -- start, attach, signal ... {Id} -->  |   any number at once; replies carry the request's Id, in any order
//     | <----------------------- reply {Id} -  |
//     | <-------------- exited {Id = 0} -----  |   on every connection; those not forgotten are told again after hello
//
// A frame is 8 bytes (length of the JSON, length of the payload; little endian), the JSON and the payload. The payload is the OCI runtime
// spec of a start, as the standard writes it. Descriptors (SCM_RIGHTS) travel with the first byte of their frame, in the order that the
// message gives. Unknown properties are ignored, so that either side may be the newer one.

/// <summary>The numbers both sides of the keeper's socket agree on.</summary>
public static class KeeperProtocol
{
    /// <summary>Grows only when an older peer would misunderstand, not when properties are added.</summary>
    public const int Version = 1;

    /// <summary>The form in which a keeper leaves what it keeps to another version of its program. Grows when an older version would misread it.</summary>
    public const int StateVersion = 1;

    public const int HeaderBytes = 8;

    /// <summary>A runtime spec is about 40 KiB; one beyond this is not a spec.</summary>
    public const int FrameBytesMax = 16 << 20;

    /// <summary>The kernel passes at most 253 (SCM_MAX_FD) at once.</summary>
    public const int DescriptorsMax = 253;

    public static void WriteHeader(Span<byte> header, int jsonBytes, int payloadBytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, jsonBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payloadBytes);
    }

    /// <summary>The lengths that follow a header; both negative when no peer of ours would have sent it.</summary>
    public static (int JsonBytes, int PayloadBytes) ReadHeader(ReadOnlySpan<byte> header)
    {
        var json = BinaryPrimitives.ReadInt32LittleEndian(header);
        var payload = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        return json is >= 0 and <= FrameBytesMax && payload is >= 0 and <= FrameBytesMax && json + payload <= FrameBytesMax ? (json, payload) : (-1, -1);
    }
}
