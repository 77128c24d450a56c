using System.Text.Json;
using Yun.Images.Repositories;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.RegistryApi;

/// <summary>The one place where a failure becomes a status and the specification's list of errors.</summary>
internal static class RegistryFailures
{
    private const int DiskFull = 28;
    // A client that is still sending may not look for an answer, and closing on it makes it see a broken connection instead.
    private const long DrainMax = 64 << 20;
    private static readonly TimeSpan s_drainMax = TimeSpan.FromSeconds(10);

    public static async Task AnswerAsync(HttpContext context, Exception failure, Action<string> log)
    {
        var error = failure switch
        {
            DistributionException known => known,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } large => new DistributionException(DistributionError.SizeInvalid, large.Message),
            BadHttpRequestException bad => new DistributionException(DistributionError.BlobUploadInvalid, bad.Message),
            EngineException { Kind: ErrorKind.Unavailable or ErrorKind.Unauthorized or ErrorKind.Forbidden } elsewhere => new DistributionException(DistributionError.Unavailable, elsewhere.Message),
            EngineException { Kind: ErrorKind.Internal or ErrorKind.InvalidArgument } elsewhere => new DistributionException(DistributionError.Unavailable, elsewhere.Message),
            EngineException { Kind: ErrorKind.NotFound } elsewhere => new DistributionException(DistributionError.ManifestUnknown, elsewhere.Message),
            FileNotFoundException gone => new DistributionException(DistributionError.BlobUnknown, "The blob was deleted a moment ago.", Path.GetFileName(gone.FileName)),
            IOException { HResult: DiskFull } or SyscallException { Errno: Errno.ENOSPC or Errno.EDQUOT } => new DistributionException(DistributionError.Unavailable, "The registry's disk is full."),
            _ => null,
        };
        if (error is null) log($"{context.Request.Method} {context.Request.Path}: {failure}");
        // The headers are out: the only way left to say that this is not the whole answer is to break it off.
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        await DrainAsync(context);
        context.Response.StatusCode = failure switch
        {
            _ when error is null => StatusCodes.Status500InternalServerError,
            // What another registry sent was wrong.
            EngineException { Kind: ErrorKind.Internal or ErrorKind.InvalidArgument } => StatusCodes.Status502BadGateway,
            SyscallException or (IOException and not FileNotFoundException) => StatusCodes.Status507InsufficientStorage,
            _ => StatusOf(error.Error),
        };
        // What was to be sent is not what is sent now.
        foreach (var header in (string[])["ETag", "Cache-Control", "Content-Range", "Accept-Ranges", "Docker-Content-Digest"]) context.Response.Headers.Remove(header);
        if (error?.Error == DistributionError.TooManyRequests) context.Response.Headers.RetryAfter = "1";
        if (context.Request.Method == HttpMethods.Head) return;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ErrorBody([new ErrorItem(error is null ? "UNKNOWN" : NameOf(error.Error), error?.Message ?? "The registry failed; its log says how.", error?.Detail)]), RegistryJson.Default.ErrorBody);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private static async Task DrainAsync(HttpContext context)
    {
        if (context.Request.ContentLength is 0 or > DrainMax || (context.Request.ContentLength is null && context.Request.Headers.TransferEncoding.Count == 0)) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(s_drainMax);
        try
        {
            var buffer = new byte[64 * 1024];
            var drained = 0L;
            for (int read; drained < DrainMax && (read = await context.Request.Body.ReadAsync(buffer, limit.Token)) > 0;) drained += read;
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or InvalidOperationException)
        {
            // Then it has to find out by itself.
        }
    }

    public static int StatusOf(DistributionError error) => error switch
    {
        DistributionError.BlobUnknown or DistributionError.BlobUploadUnknown or DistributionError.ManifestUnknown or DistributionError.NameUnknown => StatusCodes.Status404NotFound,
        DistributionError.SizeInvalid => StatusCodes.Status413PayloadTooLarge,
        DistributionError.RangeInvalid => StatusCodes.Status416RangeNotSatisfiable,
        DistributionError.Unsupported => StatusCodes.Status405MethodNotAllowed,
        DistributionError.Unauthorized => StatusCodes.Status401Unauthorized,
        DistributionError.Denied => StatusCodes.Status403Forbidden,
        DistributionError.TooManyRequests => StatusCodes.Status429TooManyRequests,
        DistributionError.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>ManifestUnknown is <c>MANIFEST_UNKNOWN</c>.</summary>
    public static string NameOf(DistributionError error) => error == DistributionError.TooManyRequests ? "TOOMANYREQUESTS"
        : string.Concat(error.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
