using Microsoft.AspNetCore.Http.HttpResults;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Streams;
using Yun.Node;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>Machines that move from one daemon to another. The daemons talk with one another; the client that asked for it only waits.</summary>
public static class MachineMovesRoutes
{
    private const string Incoming = "/yun/v1/machines/incoming";
    private static readonly TimeSpan s_connectMax = TimeSpan.FromSeconds(20);

    public static void MapMachineMoves(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/yun/v1/machines/{name}/move", MoveAsync);
        routes.MapPost(Incoming, ReceiveAsync);
    }

    private static async Task<NoContent> MoveAsync(string name, HttpContext context, Engine engine)
    {
        var machine = engine.Machines.Find(name);
        var to = context.Text("to") ?? throw new EngineException(ErrorKind.InvalidArgument, "it is not said where the machine shall move to");
        using var stream = await ConnectAsync(to, context.RequestAborted);
        await machine.MoveAsync(stream, stream, to, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task ReceiveAsync(HttpContext context, Engine engine)
    {
        using var client = await HijackedConnection.TakeAsync(context, tty: true);
        await engine.Machines.ReceiveAsync(client.Input.AsStream(), client.Output.AsStream(), client.Ended);
    }

    private static async Task<DuplexStream> ConnectAsync(string to, CancellationToken cancel)
    {
        var connecting = Task.Run(() => Connect(to), cancel);
        try { return await connecting.WaitAsync(s_connectMax, cancel); }
        catch (TimeoutException late)
        {
            _ = connecting.ContinueWith(done => done.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new EngineException(ErrorKind.Unavailable, $"The daemon at {to} does not answer.", late);
        }
    }

    private static DuplexStream Connect(string to)
    {
        try { return new DuplexStream(new ApiClient(DaemonAddress.Parse(to), null).Hijack(Incoming)); }
        catch (OptionException error) { throw new EngineException(ErrorKind.InvalidArgument, error.Message, error); }
        catch (Exception error) when (error is ConnectException or ApiException) { throw new EngineException(ErrorKind.Unavailable, error.Message, error); }
    }

    /// <summary>The client's end of a connection as a stream. It blocks; whoever awaits it waits on a thread of the pool.</summary>
    private sealed class DuplexStream(HijackedStream connection) : Stream
    {
        public override bool CanRead => true;
        public override bool CanWrite => true;
        public override bool CanSeek => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Within(() => connection.Read(buffer.AsSpan(offset, count)));

        public override void Write(byte[] buffer, int offset, int count) => Within(() =>
        {
            connection.Write(buffer.AsSpan(offset, count));
            return count;
        });

        // A transfer that is given up is ended by what ends the stream.
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var bytes = new byte[buffer.Length];
            var count = await Task.Run(() => Read(bytes, 0, bytes.Length), CancellationToken.None).WaitAsync(cancellationToken);
            bytes.AsSpan(0, count).CopyTo(buffer.Span);
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var bytes = buffer.ToArray();
            await Task.Run(() => Write(bytes, 0, bytes.Length), CancellationToken.None).WaitAsync(cancellationToken);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() { }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) connection.Dispose();
            base.Dispose(disposing);
        }

        private static int Within(Func<int> transfer)
        {
            try { return transfer(); }
            catch (ConnectException gone) { throw new IOException(gone.Message, gone); }
        }
    }
}
