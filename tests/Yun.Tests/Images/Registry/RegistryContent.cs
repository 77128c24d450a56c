using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Yun.Oci;

namespace Yun.Tests.Images.Registry;

/// <summary>Puts documents and layers into a registry as they are, by plain HTTP, and thus also such as no client of ours makes.</summary>
public sealed class RegistryContent(Uri registry, string repository = "sample") : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = registry };

    public static byte[] Gzip(byte[] bytes)
    {
        using var made = new MemoryStream();
        using (var gzip = new GZipStream(made, CompressionLevel.Fastest)) gzip.Write(bytes);
        return made.ToArray();
    }

    public static byte[] Zstd(byte[] bytes)
    {
        using var compressor = new ZstdSharp.Compressor();
        return compressor.Wrap(bytes).ToArray();
    }

    public static byte[] Config(Platform platform, params byte[][] tars) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["architecture"] = platform.Architecture, ["os"] = platform.Os, ["created"] = "2024-05-01T00:00:00Z", ["config"] = new JsonObject { ["Cmd"] = new JsonArray("/run") },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. tars.Select(tar => (JsonNode)Digest.Of(tar).ToString())]) },
    });

    public static JsonObject Descriptor(string mediaType, byte[] content) => new() { ["mediaType"] = mediaType, ["digest"] = Digest.Of(content).ToString(), ["size"] = content.Length };

    public async Task<Digest> PutBlobAsync(byte[] content)
    {
        using var begun = await _http.PostAsync($"/v2/{repository}/blobs/uploads/", null);
        var location = new Uri(registry, begun.EnsureSuccessStatusCode().Headers.Location!);
        using var done = await _http.PutAsync($"{location}{(location.Query.Length > 0 ? "&" : "?")}digest={Digest.Of(content)}", new ByteArrayContent(content));
        done.EnsureSuccessStatusCode();
        return Digest.Of(content);
    }

    public async Task<Digest> PutManifestAsync(string? tag, string mediaType, byte[] manifest)
    {
        using var content = new ByteArrayContent(manifest) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
        using var done = await _http.PutAsync($"/v2/{repository}/manifests/{tag ?? Digest.Of(manifest).ToString()}", content);
        Assert.True(done.IsSuccessStatusCode, await done.Content.ReadAsStringAsync());
        return Digest.Of(manifest);
    }

    public Task<Digest> PutManifestAsync(string? tag, string mediaType, JsonObject manifest) => PutManifestAsync(tag, mediaType, Encoding.UTF8.GetBytes(manifest.ToJsonString()));

    /// <summary>An image of layers in the given form; the descriptor of its manifest.</summary>
    public async Task<JsonObject> PutImageAsync(string? tag, Platform platform, bool docker, Func<byte[], byte[]> compress, string layerType, params byte[][] tars)
    {
        var config = Config(platform, tars);
        await PutBlobAsync(config);
        var layers = new JsonArray();
        foreach (var blob in tars.Select(compress))
        {
            await PutBlobAsync(blob);
            layers.Add(Descriptor(layerType, blob));
        }
        var mediaType = docker ? MediaTypes.DockerManifest : MediaTypes.OciManifest;
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2, ["mediaType"] = mediaType, ["config"] = Descriptor(docker ? MediaTypes.DockerConfig : MediaTypes.OciConfig, config), ["layers"] = layers,
        };
        await PutManifestAsync(tag, mediaType, manifest);
        var described = Descriptor(mediaType, Encoding.UTF8.GetBytes(manifest.ToJsonString()));
        described["platform"] = new JsonObject { ["architecture"] = platform.Architecture, ["os"] = platform.Os };
        return described;
    }

    public void Dispose() => _http.Dispose();
}
