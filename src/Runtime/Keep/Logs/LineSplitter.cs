using System.Buffers;

namespace Yun.Runtime.Keep.Logs;

/// <summary>
/// Makes log lines of one output stream, as Docker does: a line waits for its newline or the end; one longer than 16 KiB is written in parts of
/// that size, which have no newline and all carry the first part's time.
/// </summary>
internal sealed class LineSplitter
{
    public const int PartBytes = 16 << 10;

    private readonly byte[] _stream, _attributes;

    private byte[]? _rest;
    private int _count;
    private bool _inParts;
    private Timestamp _partsTime;

    public LineSplitter(byte[] stream, byte[] attributes, UnfinishedLine? unfinished = null)
    {
        (_stream, _attributes) = (stream, attributes);
        if (unfinished is null) return;
        if (unfinished.Rest.Length > 0) Keep(unfinished.Rest);
        (_inParts, _partsTime) = (unfinished.IsInParts, Timestamp.Of(unfinished.PartsTime));
    }

    /// <summary>What <see cref="LineSplitter"/>'s constructor goes on from.</summary>
    public UnfinishedLine Unfinished => new(_rest.AsSpan(0, _count).ToArray(), _inParts, _partsTime.ToString());

    public void Take(ReadOnlySpan<byte> output, in Timestamp now, RecordBuffer records)
    {
        while (!output.IsEmpty)
        {
            var window = output[..Math.Min(PartBytes - _count, output.Length)];
            var newline = window.IndexOf((byte)'\n');
            if (newline >= 0)
            {
                Append(Joined(window[..newline]), endsLine: true, now, records);
                output = output[(newline + 1)..];
            }
            else if (_count + window.Length == PartBytes)
            {
                Append(Joined(window), endsLine: false, now, records);
                output = output[window.Length..];
            }
            else
            {
                Keep(window);
                return;
            }
        }
    }

    /// <summary>There is no more output: what waits for a newline is written without one.</summary>
    public void End(in Timestamp now, RecordBuffer records)
    {
        if (_count > 0) Append(_rest.AsSpan(0, _count), endsLine: false, now, records);
    }

    private ReadOnlySpan<byte> Joined(ReadOnlySpan<byte> end)
    {
        if (_count == 0) return end;
        Keep(end);
        return _rest.AsSpan(0, _count);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _rest ??= ArrayPool<byte>.Shared.Rent(PartBytes);
        bytes.CopyTo(_rest.AsSpan(_count));
        _count += bytes.Length;
    }

    private void Append(ReadOnlySpan<byte> line, bool endsLine, in Timestamp now, RecordBuffer records)
    {
        if (!_inParts) _partsTime = now;
        records.Append(line, endsLine, _stream, _attributes, _partsTime.Text);
        _inParts = !endsLine;
        _count = 0;
        if (_rest is null) return;
        ArrayPool<byte>.Shared.Return(_rest);
        _rest = null;
    }
}

/// <summary>Where a stream is in the middle of a line.</summary>
/// <param name="Rest">What has come of the line, or of its part.</param>
/// <param name="IsInParts">Parts of the line are in the log already, with <paramref name="PartsTime"/>.</param>
internal sealed record UnfinishedLine(byte[] Rest, bool IsInParts, string PartsTime);
