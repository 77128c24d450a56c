using System.Net;
using System.Net.Http.Headers;

namespace Yun.Images.Registry;

/// <summary>A blob as a request's body, counted as it goes out. A registry that takes nothing for a while is given up on.</summary>
internal sealed class UploadContent : HttpContent
{
    private readonly Stream _source;
    private readonly long _size;
    private readonly Action<long> _sent;
    private readonly TimeSpan _stall;

    public UploadContent(Stream source, long size, Action<long> sent, TimeSpan stall)
    {
        (_source, _size, _sent, _stall) = (source, size, sent, stall);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>Called when all of it is on its way.</summary>
    public Action Sent { get; set; } = () => { };

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = new byte[128 * 1024];
        long total = 0;
        for (int read; (read = await _source.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_stall);
            try { await stream.WriteAsync(buffer.AsMemory(0, read), limit.Token); }
            catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested) { throw new HttpRequestException("it stopped taking the upload", late); }
            _sent(total += read);
        }
        Sent();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _size;
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _source.Dispose();
        base.Dispose(disposing);
    }
}
