using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Tests.Guest;

/// <summary>The wire between a machine and its monitor, over a socket pair in place of the virtio port.</summary>
public sealed class WireTests : IDisposable
{
    private readonly FrameStream _here, _there;

    public WireTests()
    {
        var (here, there) = UnixSocket.Pair();
        (_here, _there) = (new FrameStream(here), new FrameStream(there));
    }

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public void A_frame_arrives_as_it_was_sent()
    {
        _here.Send(FrameKind.Output, 7, "text"u8);
        _here.Send(FrameKind.Exited, 0, 137);
        var (output, exited) = (_there.Receive()!.Value, _there.Receive()!.Value);
        Assert.Equal((FrameKind.Output, 7u, "text"), (output.Kind, output.Session, Encoding.UTF8.GetString(output.Content)));
        Assert.Equal((FrameKind.Exited, 137), (exited.Kind, BitConverter.ToInt32(exited.Content)));
    }

    [Fact]
    public void What_no_peer_would_send_ends_the_wire()
    {
        using var raw = UnixSocket.Pair() is var (ours, theirs) ? ours : null;
        using var wire = new FrameStream(theirs);
        Pipe.WriteAll(raw!, [1, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F]);
        Assert.Null(wire.Receive());
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_stops_at_its_window_and_goes_on_with_credit()
    {
        using var pipe = new Pipe();
        var stream = new OutgoingStream(_here, FrameKind.Output, 3, Descriptors.Duplicate(pipe.Read));
        var written = new byte[Frame.WindowBytes + 100_000];
        Random.Shared.NextBytes(written);
        var writing = Task.Run(() =>
        {
            Pipe.WriteAll(pipe.Write, written);
            pipe.Write.Dispose();
        });
        var received = new List<byte>();
        while (received.Count < Frame.WindowBytes) received.AddRange(_there.Receive()!.Value.Content);
        Assert.Equal(Frame.WindowBytes, received.Count);
        Assert.False(stream.Join(TimeSpan.FromMilliseconds(100)));
        stream.Credit(Frame.WindowBytes);
        while (_there.Receive()!.Value.Content is { Length: > 0 } content) received.AddRange(content);
        Assert.Equal(written, received);
        Assert.True(stream.Join(TimeSpan.FromSeconds(30)));
        await writing;
    }

    [Fact]
    public void What_cannot_be_written_any_more_is_taken_all_the_same()
    {
        using var pipe = new Pipe();
        var stream = new IncomingStream(_here, FrameKind.Input, 5, Descriptors.Duplicate(pipe.Write));
        pipe.Write.Dispose();
        pipe.Read.Dispose();
        foreach (var size in (int[])[10, 20, 0]) stream.Add(new byte[size]);
        Assert.True(stream.Join(TimeSpan.FromSeconds(30)));
        Assert.Equal((FrameKind.Input, 10), IncomingStream.ReadCredit(_there.Receive()!.Value.Content));
        Assert.Equal((FrameKind.Input, 20), IncomingStream.ReadCredit(_there.Receive()!.Value.Content));
    }
}
