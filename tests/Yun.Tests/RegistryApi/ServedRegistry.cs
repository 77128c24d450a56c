using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Yun.Images.Repositories;
using Yun.Node;
using Yun.Oci;
using Yun.RegistryApi;
using Yun.Store;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.RegistryApi;

/// <summary>The registry in a folder of its own, on a free port, spoken to by plain HTTP. It can be stopped and started again.</summary>
public sealed class ServedRegistry : IAsyncDisposable
{
    private readonly MemoryStore _records = new();
    private readonly Func<RegistryServerOptions, RegistryServerOptions> _configure;
    private readonly int _port = LoopbackPort.Free();
    private RegistryHost _host = null!;

    private ServedRegistry(Func<RegistryServerOptions, RegistryServerOptions> configure) => _configure = configure;

    public ScratchFolder Folder { get; } = new();
    public SettableTime Time { get; } = new();
    public RepositoryStore Repositories { get; private set; } = null!;
    public HttpClient Http { get; private set; } = null!;
    public string Address => $"127.0.0.1:{_port}";
    public string Blobs => Folder["content/blobs/sha256"];
    public string Uploads => Folder["content/uploads"];
    public string? Fingerprint => _host.Fingerprint;

    public static async Task<ServedRegistry> StartAsync(Func<RegistryServerOptions, RegistryServerOptions>? configure = null, Action<ScratchFolder>? prepare = null)
    {
        var registry = new ServedRegistry(configure ?? (options => options));
        prepare?.Invoke(registry.Folder);
        await registry.OpenAsync();
        return registry;
    }

    public async Task RestartAsync(Action? meanwhile = null)
    {
        await CloseAsync();
        meanwhile?.Invoke();
        await OpenAsync();
    }

    public bool Has(Digest digest) => File.Exists(Path.Combine(Blobs, digest.Hex));

    public async Task<HttpResponseMessage> SendAsync(string method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new ByteArrayContent(body) };
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request);
    }

    /// <summary>Sends, checks the status, and gives the body.</summary>
    public async Task<string> ExpectAsync(int status, string method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(method, path, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{method} {path}: {(int)response.StatusCode}, not {status}: {text}");
        return text;
    }

    /// <summary>As <see cref="ExpectAsync"/>, for an error: gives its code.</summary>
    public async Task<string> RefusedAsync(int status, string method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var error = JsonNode.Parse(await ExpectAsync(status, method, path, body, headers))!["errors"]!.AsArray().Single()!;
        Assert.NotEmpty((string)error["message"]!);
        return (string)error["code"]!;
    }

    public async Task<Digest> PutBlobAsync(string name, byte[] content)
    {
        await ExpectAsync(201, "POST", $"/v2/{name}/blobs/uploads/?digest={Digest.Of(content)}", content);
        return Digest.Of(content);
    }

    public async Task<Digest> PutManifestAsync(string name, string? tag, JsonObject manifest)
    {
        var bytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        await ExpectAsync(201, "PUT", $"/v2/{name}/manifests/{tag ?? Digest.Of(bytes).ToString()}", bytes, ("Content-Type", (string)manifest["mediaType"]!));
        return Digest.Of(bytes);
    }

    /// <summary>A small image, pushed; the digest of its manifest.</summary>
    public async Task<Digest> PutImageAsync(string name, string? tag, string text = "text")
    {
        var (layer, config) = (Encoding.UTF8.GetBytes($"layer {text}"), Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"history":[{"created_by":"<b>{{text}}</b>"}]}"""));
        await PutBlobAsync(name, layer);
        await PutBlobAsync(name, config);
        return await PutManifestAsync(name, tag, Manifest(config, layer));
    }

    public static JsonObject Manifest(byte[] config, params byte[][] layers) => new()
    {
        ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciManifest, ["config"] = RegistryContent.Descriptor(MediaTypes.OciConfig, config),
        ["layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)RegistryContent.Descriptor(MediaTypes.OciLayerGzip, layer))]),
    };

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await _records.DisposeAsync();
        Folder.Dispose();
    }

    private async Task OpenAsync()
    {
        Repositories = await RepositoryStore.OpenAsync(Folder.Path, _records, Time);
        var options = _configure(new RegistryServerOptions(Folder.Path, Address));
        _host = await RegistryHost.StartAsync(Repositories, options, new EngineLog((_, _) => { }), Time);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        // As a careful client would: the certificate is the one whose fingerprint was printed.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256) == Fingerprint!.Replace(":", "", StringComparison.Ordinal);
        Http = new HttpClient(handler) { BaseAddress = new Uri($"{(_host.Fingerprint is null ? "http" : "https")}://{Address}") };
    }

    private async Task CloseAsync()
    {
        Http.Dispose();
        await _host.DisposeAsync();
        await Repositories.DisposeAsync();
    }
}

/// <summary>The real time, until a test moves it on.</summary>
public sealed class SettableTime : TimeProvider
{
    private TimeSpan _ahead;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _ahead;

    public void Advance(TimeSpan by) => _ahead += by;
}
