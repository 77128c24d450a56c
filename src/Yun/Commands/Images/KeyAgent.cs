using System.Buffers.Binary;

namespace Yun.Commands.Images;

/// <summary>What an SSH agent answers that holds these keys and cannot be given others (draft-miller-ssh-agent): which they are, and signatures.</summary>
internal sealed class KeyAgent(IReadOnlyList<SshKey> keys)
{
    private const byte Failure = 5, ListRequest = 11, ListAnswer = 12, SignRequest = 13, SignAnswer = 14;
    private const int RequestBytesMax = 256 * 1024, LengthBytes = 4;

    private byte[] _come = [];

    /// <summary>Takes what has come of the asker's words, and gives what there is to answer by now.</summary>
    /// <exception cref="FormatException">The asker does not speak the protocol.</exception>
    public byte[] Answer(ReadOnlySpan<byte> bytes)
    {
        _come = [.. _come, .. bytes];
        byte[] answers = [];
        while (Next() is { } request) answers = [.. answers, .. new SshWriter().Bytes(AnswerTo(request)).ToArray()];
        return answers;
    }

    private byte[]? Next()
    {
        if (_come.Length < LengthBytes) return null;
        var length = BinaryPrimitives.ReadUInt32BigEndian(_come);
        if (length is 0 or > RequestBytesMax) throw new FormatException($"a request of {length} bytes is none that an SSH agent gets");
        if (_come.Length < LengthBytes + length) return null;
        var end = LengthBytes + (int)length;
        var request = _come[LengthBytes..end];
        _come = _come[end..];
        return request;
    }

    private byte[] AnswerTo(byte[] request)
    {
        switch (request[0])
        {
            case ListRequest:
                var list = new SshWriter().Byte(ListAnswer).Number((uint)keys.Count);
                foreach (var key in keys) list.Bytes(key.Blob).Text(key.Comment);
                return list.ToArray();
            case SignRequest:
                var asked = new SshReader(request.AsSpan(1));
                var blob = asked.Bytes().ToArray();
                var data = asked.Bytes();
                var flags = asked.Number();
                return keys.FirstOrDefault(key => key.Blob.AsSpan().SequenceEqual(blob)) is { } known ? new SshWriter().Byte(SignAnswer).Bytes(known.Sign(data, flags)).ToArray() : [Failure];
            default:
                return [Failure];
        }
    }
}
