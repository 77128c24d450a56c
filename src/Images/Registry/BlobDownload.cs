using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>
/// A blob's bytes from an offset to its end. Where the connection breaks, or nothing comes for a while, it is asked for again from where it stopped. It ends with
/// the size that the manifest announced and not before or after, whatever the registry sends.
/// </summary>
internal sealed class BlobDownload(RegistryClient registry, string repository, Descriptor blob, long from, RegistryOptions options, CancellationToken cancel) : Stream
{
    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _position = from;
    private int _failures;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == blob.Size) return 0;
        while (true)
        {
            try
            {
                var body = _body ?? await OpenAsync();
                using var limit = Limit();
                var read = await body.ReadAsync(buffer[..(int)Math.Min(buffer.Length, blob.Size - _position)], limit.Token);
                if (read == 0) throw new EndOfStreamException("the connection ended before the blob did");
                _position += read;
                _failures = 0;
                return read;
            }
            catch (Exception broken) when (IsBroken(broken) && !cancel.IsCancellationRequested)
            {
                HangUp();
                if (++_failures >= options.Tries)
                    throw new EngineException(ErrorKind.Unavailable, $"The download of {blob.Digest} from {registry.Host} broke off {_failures} times at byte {_position} of {blob.Size}.", broken);
                await Task.Delay(TimeSpan.FromMilliseconds(250 << Math.Min(_failures, 5)), cancel);
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) HangUp();
        base.Dispose(disposing);
    }

    private async Task<Stream> OpenAsync()
    {
        (_response, var start) = await registry.OpenBlobAsync(repository, blob.Digest, _position, cancel);
        if (start > _position) throw new EndOfStreamException("the registry skipped a part of the blob");
        if (_response.Content.Headers.ContentLength is { } length && start + length != blob.Size)
            throw new EngineException(ErrorKind.Internal, $"The registry {registry.Host} has {start + length} bytes for {blob.Digest}, where its manifest announces {blob.Size}.");
        var body = await _response.Content.ReadAsStreamAsync(cancel);
        // A registry that knows no ranges begins at the beginning.
        var skipped = new byte[64 * 1024];
        while (start < _position)
        {
            using var limit = Limit();
            var read = await body.ReadAsync(skipped.AsMemory(0, (int)Math.Min(skipped.Length, _position - start)), limit.Token);
            if (read == 0) throw new EndOfStreamException("the connection ended before the blob did");
            start += read;
        }
        return _body = body;
    }

    private CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(options.StallSeconds));
        return limit;
    }

    private void HangUp()
    {
        _body?.Dispose();
        _response?.Dispose();
        (_body, _response) = (null, null);
    }

    // A registry that is overloaded or being restarted may answer the next time.
    private static bool IsBroken(Exception failure) => failure is IOException or HttpRequestException or OperationCanceledException or EngineException { Kind: ErrorKind.Unavailable }
        || failure is RegistryException { Status: >= System.Net.HttpStatusCode.InternalServerError or System.Net.HttpStatusCode.TooManyRequests };
}
