using System.Net;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds.Files;

/// <summary>Fetches what ADD and <c>remote=</c> name by address. Only http and https, also after a redirection.</summary>
internal static class Download
{
    private const int RedirectsMax = 10;
    private static readonly TimeSpan s_stallMax = TimeSpan.FromSeconds(60);

    private static readonly HttpClient s_client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = true, // never from https to http, and never to another scheme
        MaxAutomaticRedirections = RedirectsMax,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = s_stallMax,
    }) { Timeout = Timeout.InfiniteTimeSpan };

    public static bool IsAddress(string text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>A git repository in any of the ways Docker recognises one.</summary>
    public static bool IsGit(string text)
    {
        var path = text.Split('#')[0];
        return text.StartsWith("git://", StringComparison.Ordinal) || text.StartsWith("git@", StringComparison.Ordinal) || text.StartsWith("ssh://", StringComparison.Ordinal)
            || text.StartsWith("github.com/", StringComparison.Ordinal) || (IsAddress(text) && path.EndsWith(".git", StringComparison.Ordinal));
    }

    /// <summary>Writes the answer's body to <paramref name="path"/>.</summary>
    /// <returns>The body's content type.</returns>
    public static async Task<string?> ToFileAsync(string address, string path, CancellationToken cancel)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stall.CancelAfter(s_stallMax);
        try
        {
            using var response = await s_client.GetAsync(Parsed(address), HttpCompletionOption.ResponseHeadersRead, stall.Token);
            if (!response.IsSuccessStatusCode)
                throw new EngineException(ErrorKind.InvalidArgument, $"failed to GET {address} with status {(int)response.StatusCode} {response.ReasonPhrase}");
            await using (var body = await response.Content.ReadAsStreamAsync(stall.Token))
            await using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                var buffer = new byte[81920];
                int read;
                while ((read = await body.ReadAsync(buffer, stall.Token)) > 0)
                {
                    stall.CancelAfter(s_stallMax);
                    await file.WriteAsync(buffer.AsMemory(0, read), stall.Token);
                }
            }
            File.SetLastWriteTimeUtc(path, response.Content.Headers.LastModified?.UtcDateTime ?? DateTime.UnixEpoch);
            return response.Content.Headers.ContentType?.MediaType;
        }
        catch (HttpRequestException error)
        {
            throw new EngineException(ErrorKind.Unavailable, $"failed to GET {address}: {error.Message}", error);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new EngineException(ErrorKind.Unavailable, $"failed to GET {address}: nothing came for {s_stallMax.TotalSeconds:0} seconds");
        }
    }

    /// <summary>The last name in the address, unless it ends in a slash.</summary>
    public static string? FileName(string address) =>
        Parsed(address).AbsolutePath is var path && path.EndsWith('/') ? null : Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]) is var name && name is "" or "." or ".." || name.Contains('/') ? null : name;

    /// <exception cref="EngineException">The file is not what the instruction says.</exception>
    public static async Task VerifyAsync(string path, string checksum, CancellationToken cancel)
    {
        if (!Digest.TryParse(checksum, out var expected)) throw new EngineException(ErrorKind.InvalidArgument, $"invalid checksum {checksum}: expected sha256: and 64 hex digits");
        await using var file = File.OpenRead(path);
        var actual = Digest.FromHash(await System.Security.Cryptography.SHA256.HashDataAsync(file, cancel));
        if (actual != expected) throw new EngineException(ErrorKind.InvalidArgument, $"digest mismatch {actual}: {expected}");
    }

    private static Uri Parsed(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
        : throw new EngineException(ErrorKind.InvalidArgument, $"{address} is no http or https address");
}
