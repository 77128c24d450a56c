using Google.Protobuf;
using Grpc.Core;
using Yun.BuildKit.Protos.ClientContent;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>A folder of the client's with blobs by their digests, which its session serves: an OCI layout, of which the client keeps the index itself.</summary>
/// <param name="folder">What the client calls it.</param>
internal sealed class ClientContentStore(BuildSession session, string folder)
{
    private const string Service = "containerd.services.content.v1.Content", StoreHeader = "buildkit-attachable-store-id";
    private const int PartBytesMax = 1 << 20;

    /// <summary>A blob, checked against its digest, by parts.</summary>
    /// <exception cref="EngineException">It is not there, or is something else.</exception>
    public async Task ReadAsync(Digest digest, Action<ReadOnlySpan<byte>> take, CancellationToken cancel)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        try
        {
            using var call = Client("Read").Read(new ReadContentRequest { Digest = digest.ToString() }, Headers(), cancellationToken: cancel);
            while (await call.ResponseStream.MoveNext(cancel))
            {
                hash.AppendData(call.ResponseStream.Current.Data.Span);
                take(call.ResponseStream.Current.Data.Span);
            }
        }
        catch (RpcException failure) when (!cancel.IsCancellationRequested) { throw Failed($"read {digest} from", failure); }
        if (Digest.FromHash(hash.GetHashAndReset()) != digest) throw new EngineException(ErrorKind.InvalidArgument, $"the blob {digest} in the client's folder {folder} is damaged");
    }

    /// <summary>A document of no more than so many bytes.</summary>
    public async Task<byte[]> ReadAsync(Digest digest, int bytesMax, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        await ReadAsync(digest, part =>
        {
            if (bytes.Length + part.Length > bytesMax) throw new EngineException(ErrorKind.InvalidArgument, $"the document {digest} in the client's folder {folder} has more than {bytesMax} bytes");
            bytes.Write(part);
        }, cancel);
        return bytes.ToArray();
    }

    public async Task WriteAsync(Digest digest, long size, Stream content, CancellationToken cancel)
    {
        try
        {
            using var call = Client("Write").Write(Headers(), cancellationToken: cancel);
            var buffer = new byte[PartBytesMax];
            var offset = 0L;
            for (int read; (read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel)) > 0; offset += read)
                await SendAsync(new WriteContentRequest { Action = WriteAction.Write, Offset = offset, Data = ByteString.CopyFrom(buffer, 0, read) });
            await SendAsync(new WriteContentRequest { Action = WriteAction.Commit, Offset = offset });
            await call.RequestStream.CompleteAsync();

            async Task SendAsync(WriteContentRequest request)
            {
                (request.Ref, request.Total, request.Expected) = ($"yun-{digest}", size, digest.ToString());
                await call.RequestStream.WriteAsync(request, cancel);
                if (!await call.ResponseStream.MoveNext(cancel)) throw new EngineException(ErrorKind.Unavailable, $"the client does not take the blob {digest} into {folder}");
            }
        }
        // It was there before.
        catch (RpcException there) when (there.StatusCode == StatusCode.AlreadyExists) { }
        catch (RpcException failure) when (!cancel.IsCancellationRequested) { throw Failed($"write {digest} into", failure); }
    }

    private Content.ContentClient Client(string method) => new(session.InvokerOf(Service, method));

    private Metadata Headers() => new() { { StoreHeader, $"local:{folder}" } };

    private EngineException Failed(string what, RpcException failure) => new(ErrorKind.Unavailable, $"cannot {what} the client's folder {folder}: {failure.Status.Detail}", failure);
}
