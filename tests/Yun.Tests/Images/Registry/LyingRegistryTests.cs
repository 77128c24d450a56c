using Microsoft.AspNetCore.Http;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.Images.Registry;

/// <summary>A registry, or the network before it, that does not keep its word. Whatever it does, a pull ends with the image or with one sentence, and leaves nothing half-made.</summary>
public sealed class LyingRegistryTests : IAsyncLifetime
{
    private static readonly byte[] s_data = System.Security.Cryptography.RandomNumberGenerator.GetBytes(400_000);
    private static readonly byte[] s_tar = new TarBytes().Entry("data", '0', s_data).End();
    private static readonly byte[] s_layer = RegistryContent.Gzip(s_tar);
    private static readonly string s_layerPath = $"/v2/sample/blobs/{Digest.Of(s_layer)}";

    private ReferenceRegistry _real = null!;
    private LyingRegistry _lying = null!;
    private ScratchStore _store = null!;

    private string Name => $"{_lying.Address}/sample:v1";

    public async ValueTask InitializeAsync()
    {
        _real = await ReferenceRegistry.StartAsync();
        _lying = await LyingRegistry.StartAsync(_real);
        _store = await ScratchStore.OpenAsync(new RegistryOptions(StallSeconds: 1, Tries: 2));
        using var content = new RegistryContent(_real.Url);
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_tar);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _lying.DisposeAsync();
        await _real.DisposeAsync();
    }

    private void Layer(Func<HttpContext, byte[], Task> send) => _lying.Blob = async (context, bytes) =>
    {
        if (context.Request.Path != s_layerPath) return false;
        await send(context, bytes);
        return true;
    };

    private async Task<EngineException> RefusedAsync(bool keepsPartial = false)
    {
        var refused = await Assert.ThrowsAsync<EngineException>(() => _store.PullAsync(Name));
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Empty(_store.Images.List());
        Assert.False(File.Exists(Path.Combine(_store.Blobs, Digest.Of(s_layer).Hex)));
        Assert.Equal(keepsPartial ? 1 : 0, _store.FilesIn(_store.Incoming));
        Assert.Equal(0, _store.FilesIn(Path.Combine(_store.Layers, "incoming")));
        if (!keepsPartial) Assert.Equal(0, _store.FilesIn(_store.Blobs));
        return refused;
    }

    private async Task ArrivesAsync()
    {
        var image = await _store.PullAsync(Name);
        Assert.Equal(s_data, File.ReadAllBytes(Path.Combine(image.Layers[0].Directory, "data")));
        Assert.Equal(0, _store.FilesIn(_store.Incoming));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(100_000)]
    [InlineData(-5)]
    public async Task Changed_bytes_are_refused_and_the_digest_is_named(int at)
    {
        Layer(async (context, bytes) =>
        {
            bytes[at < 0 ? bytes.Length + at : at] ^= 1;
            await context.Response.Body.WriteAsync(bytes);
        });
        var refused = await RefusedAsync();
        Assert.Contains(Digest.Of(s_layer).ToString(), refused.Message, StringComparison.Ordinal);
        _lying.Blob = (_, _) => Task.FromResult(false);
        await ArrivesAsync();
    }

    [Fact]
    public async Task A_layer_that_is_announced_shorter_than_its_manifest_says_is_refused()
    {
        Layer(async (context, bytes) =>
        {
            context.Response.ContentLength = bytes.Length - 7;
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length - 7));
        });
        Assert.Contains($"has {s_layer.Length - 7} bytes for {Digest.Of(s_layer)}, where its manifest announces {s_layer.Length}", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_that_is_announced_longer_is_refused()
    {
        Layer(async (context, bytes) =>
        {
            context.Response.ContentLength = bytes.Length + 7;
            await context.Response.Body.WriteAsync(bytes);
            await context.Response.Body.WriteAsync(new byte[7]);
        });
        Assert.Contains($"has {s_layer.Length + 7} bytes", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_after_a_layer_s_end_without_a_length_is_not_taken()
    {
        Layer(async (context, bytes) =>
        {
            context.Response.ContentLength = null;
            await context.Response.Body.WriteAsync(bytes);
            await context.Response.Body.WriteAsync(new byte[1000]);
        });
        await ArrivesAsync();
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_taken_up_where_it_broke()
    {
        Layer(async (context, bytes) =>
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, Math.Min(bytes.Length, 100_000)));
            await context.Response.Body.FlushAsync();
            if (bytes.Length > 100_000) context.Abort();
        });
        await ArrivesAsync();
        var starts = _lying.BlobRequests.Where(request => request.Path == s_layerPath).Select(request => request.From).ToList();
        Assert.True(starts.Count >= 5);
        // Nothing is asked for twice, and nothing is left out.
        Assert.All(starts.Zip(starts.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 100_000));
    }

    [Fact]
    public async Task A_download_that_was_given_up_goes_on_at_the_next_pull()
    {
        Layer(async (context, bytes) =>
        {
            if (context.Request.Headers.Range.Count == 0) await context.Response.Body.WriteAsync(bytes.AsMemory(0, 300_000));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        var broken = await RefusedAsync(keepsPartial: true);
        Assert.Equal(ErrorKind.Unavailable, broken.Kind);
        var saved = new FileInfo(Path.Combine(_store.Incoming, Digest.Of(s_layer).Hex)).Length;
        Assert.InRange(saved, 1, 300_000);
        Assert.Equal($"The download of {Digest.Of(s_layer)} from {_lying.Address} broke off 2 times at byte {saved} of {s_layer.Length}.", broken.Message);
        _lying.Blob = (_, _) => Task.FromResult(false);
        _lying.BlobRequests.Clear();
        await _store.ReopenAsync();
        await ArrivesAsync();
        Assert.Equal([(s_layerPath, saved)], _lying.BlobRequests.Where(request => request.Path == s_layerPath));
    }

    [Fact]
    public async Task A_partial_download_that_went_bad_is_begun_again()
    {
        File.WriteAllBytes(Path.Combine(_store.Incoming, Digest.Of(s_layer).Hex), new byte[200_000]);
        await ArrivesAsync();
    }

    [Fact]
    public async Task A_registry_without_ranges_is_taken_up_all_the_same()
    {
        var cuts = 0;
        _lying.Answer = context =>
        {
            context.Request.Headers.Remove("Range");
            return Task.FromResult(false);
        };
        Layer(async (context, bytes) =>
        {
            await context.Response.Body.WriteAsync(cuts++ == 0 ? bytes.AsMemory(0, 150_000) : bytes);
            await context.Response.Body.FlushAsync();
            if (cuts == 1) context.Abort();
        });
        await ArrivesAsync();
    }

    [Fact]
    public async Task A_registry_that_falls_silent_in_a_layer_is_given_up()
    {
        Layer(async (context, bytes) =>
        {
            if (bytes.Length > 50_000) await context.Response.Body.WriteAsync(bytes.AsMemory(0, 50_000));
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        Assert.Equal(ErrorKind.Unavailable, (await RefusedAsync(keepsPartial: true)).Kind);
    }

    [Theory]
    [InlineData("headers")]
    [InlineData("manifest")]
    [InlineData("error")]
    public async Task A_registry_that_falls_silent_before_is_given_up(string where)
    {
        _lying.Answer = async context =>
        {
            if (!context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)) return false;
            if (where != "headers")
            {
                context.Response.StatusCode = where == "error" ? 404 : 200;
                context.Response.ContentType = MediaTypes.DockerManifest;
                await context.Response.WriteAsync("{");
                await context.Response.Body.FlushAsync();
            }
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        var refused = await RefusedAsync();
        Assert.Contains(where == "error" ? "sample:v1" : _lying.Address, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"schemaVersion":2,"layers":[],"config":{},"manifests":[]}""")]
    [InlineData("""{"schemaVersion":2,"layers":[],"layers":[],"config":{}}""")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":"sha256:../../../../etc/passwd","size":1},"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":{"size":1},"layers":[]}""")]
    [InlineData("""{"schemaVersion":1,"fsLayers":[]}""")]
    public async Task A_manifest_that_is_none_is_refused(string body)
    {
        _lying.Answer = async context =>
        {
            if (!context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)) return false;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
            return true;
        };
        Assert.Equal(ErrorKind.InvalidArgument, (await RefusedAsync()).Kind);
    }

    [Fact]
    public async Task A_manifest_other_than_its_digest_says_is_refused()
    {
        _lying.Answer = async context =>
        {
            if (!context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)) return false;
            context.Response.Headers["Docker-Content-Digest"] = Digest.Of("other"u8).ToString();
            context.Response.ContentType = MediaTypes.DockerManifest;
            await context.Response.WriteAsync("""{"schemaVersion":2}""");
            return true;
        };
        Assert.StartsWith("The manifest of sample:v1 is damaged", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_without_an_end_is_refused()
    {
        _lying.Answer = async context =>
        {
            if (!context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)) return false;
            for (var i = 0; i < 200 && !context.RequestAborted.IsCancellationRequested; i++) await context.Response.Body.WriteAsync(new byte[64 * 1024]);
            return true;
        };
        Assert.Equal("The manifest of sample:v1 is larger than 4096 KiB.", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_changed_configuration_is_refused()
    {
        _lying.Blob = async (context, bytes) =>
        {
            if (context.Request.Path == s_layerPath) return false;
            bytes[10] ^= 1;
            await context.Response.Body.WriteAsync(bytes);
            return true;
        };
        Assert.Contains("is damaged: what came has the digest", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_other_than_the_configuration_says_leaves_nothing()
    {
        using var content = new RegistryContent(_real.Url);
        var config = RegistryContent.Config(Platform.Host, "not the layer"u8.ToArray());
        await content.PutBlobAsync(config);
        await content.PutManifestAsync("v1", MediaTypes.DockerManifest, new System.Text.Json.Nodes.JsonObject
        {
            ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.DockerManifest, ["config"] = RegistryContent.Descriptor(MediaTypes.DockerConfig, config),
            ["layers"] = new System.Text.Json.Nodes.JsonArray(RegistryContent.Descriptor(MediaTypes.DockerLayerGzip, s_layer)),
        });
        Assert.Contains($"The layer {Digest.Of(s_layer)} unpacks to {Digest.Of(s_tar)}", (await RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_without_end_is_given_up()
    {
        _lying.Answer = context =>
        {
            if (context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)) context.Response.Redirect(context.Request.Path);
            return Task.FromResult(context.Response.StatusCode == 302);
        };
        Assert.Equal($"The registry {_lying.Address} redirects without end.", (await RefusedAsync()).Message);
    }
}
