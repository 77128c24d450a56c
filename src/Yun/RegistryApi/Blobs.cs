using System.Globalization;
using Microsoft.Net.Http.Headers;
using Yun.Images.Repositories;
using Yun.Oci;

namespace Yun.RegistryApi;

/// <summary>Blobs: whole, in part, or only whether they are there.</summary>
internal static class Blobs
{
    private const int ChunkBytes = 256 * 1024;

    public static async Task GetAsync(HttpContext context, StoredBlob blob)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers["Docker-Content-Digest"] = blob.Digest.ToString();
        response.Headers.ETag = $"\"{blob.Digest}\"";
        response.Headers.AcceptRanges = "bytes";
        // What a digest names never changes.
        response.Headers.CacheControl = "max-age=31536000";
        if (Conditions.IsUnchanged(request, blob.Digest))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = "application/octet-stream";
        var (start, length) = (0L, blob.Size);
        if (RangeOf(request, blob.Size) is { } range)
        {
            (start, length) = range;
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {start}-{start + length - 1}/{blob.Size}");
        }
        response.ContentLength = length;
        if (request.Method != HttpMethods.Head) await SendAsync(context, blob.Path, start, length);
    }

    /// <summary>Gives out a blob of another registry while it comes, or only says how long it is.</summary>
    /// <returns>False when it is here by now, and nothing was answered: a part was asked for.</returns>
    public static async Task<bool> RelayAsync(HttpContext context, PullThrough cache, string name, Descriptor blob)
    {
        var (request, response, cancel) = (context.Request, context.Response, context.RequestAborted);
        if (request.Method == HttpMethods.Head)
        {
            Announce(response, blob);
            return true;
        }
        using var arrival = cache.Fetch(name, blob);
        if (blob.Size == 0 || request.Headers.Range.Count > 0)
        {
            await arrival.Download.WaitAsync(cancel);
            return false;
        }
        var buffer = new byte[ChunkBytes];
        // Before the first byte is here, a failure has an answer of its own.
        var read = await arrival.ReadAsync(0, buffer, cancel);
        Announce(response, blob);
        for (var sent = 0L; read > 0; read = await arrival.ReadAsync(sent, buffer, cancel))
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, read), cancel);
            sent += read;
        }
        return true;
    }

    private static void Announce(HttpResponse response, Descriptor blob)
    {
        response.Headers["Docker-Content-Digest"] = blob.Digest.ToString();
        response.Headers.ETag = $"\"{blob.Digest}\"";
        response.Headers.AcceptRanges = "bytes";
        response.ContentType = "application/octet-stream";
        response.ContentLength = blob.Size;
    }

    private static async Task SendAsync(HttpContext context, string path, long start, long length)
    {
        using var file = File.OpenHandle(path);
        var body = context.Response.BodyWriter;
        while (length > 0)
        {
            // Files are in the page cache or will be in a moment: a read that blocks costs less than one that is handed to another thread.
            var read = RandomAccess.Read(file, body.GetSpan(ChunkBytes)[..(int)Math.Min(ChunkBytes, length)], start);
            if (read == 0) throw new EndOfStreamException($"{path} is shorter than it was.");
            body.Advance(read);
            (start, length) = (start + read, length - read);
            if ((await body.FlushAsync(context.RequestAborted)).IsCompleted) return;
        }
    }

    /// <summary>One range, or null for all of it: also where several are asked for, which a server may ignore (RFC 9110, 14.2).</summary>
    private static (long Start, long Length)? RangeOf(HttpRequest request, long size)
    {
        var text = request.Headers.Range.ToString();
        if (IsBackwards(text)) throw Unsatisfiable(text, size);
        if (!RangeHeaderValue.TryParse(text, out var parsed) || parsed.Unit != "bytes" || parsed.Ranges.Count != 1) return null;
        var range = parsed.Ranges.First();
        var start = range.From ?? Math.Max(0, size - range.To!.Value);
        var end = range.From is null ? size - 1 : Math.Min(range.To ?? long.MaxValue, size - 1);
        return start <= end ? (start, end - start + 1) : throw Unsatisfiable(text, size);
    }

    // Not even a range, so it could be ignored as well; the specification's conformance suite wants it refused.
    private static bool IsBackwards(string text) => text.Split('=', '-') is ["bytes", var first, var last]
        && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to) && to < from;

    private static DistributionException Unsatisfiable(string range, long size) => new(DistributionError.RangeInvalid, $"The blob has {size} bytes; there is nothing at {range}.");
}
