using System.Security.Cryptography;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.RegistryApi;

/// <summary>Another registry's repositories, kept here: the other is the distribution's docker-registry, which a test can take away.</summary>
public sealed class PullThroughTests
{
    private static readonly byte[] s_tar = new TarBytes().File("name", "upstream").End();

    [Fact]
    public async Task What_was_pulled_once_is_served_when_the_other_registry_is_away()
    {
        await using var upstream = await ReferenceRegistry.StartAsync();
        await using var between = await LyingRegistry.StartAsync(upstream);
        using var content = new RegistryContent(upstream.Url, "team/sample");
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_tar);
        await using var registry = await ServedRegistry.StartAsync(options => options with { Caches = [$"mirror={between.Address}"] });
        var name = $"{registry.Address}/mirror/team/sample:v1";
        await using (var one = await ScratchStore.OpenAsync()) Assert.Equal("upstream", one.Read(await one.PullAsync(name), "name"));
        var asked = between.BlobRequests.Count;
        await using (var two = await ScratchStore.OpenAsync()) await two.PullAsync(name);
        Assert.Equal(asked, between.BlobRequests.Count);

        between.Answer = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        registry.Time.Advance(TimeSpan.FromHours(1));
        await registry.RestartAsync();
        await using var three = await ScratchStore.OpenAsync();
        Assert.Equal("upstream", three.Read(await three.PullAsync(name), "name"));
        Assert.Equal("UNAVAILABLE", await registry.RefusedAsync(503, "GET", "/v2/mirror/team/sample/manifests/v2"));
        Assert.Equal("DENIED", await registry.RefusedAsync(403, "POST", "/v2/mirror/team/sample/blobs/uploads/"));
    }

    [Fact]
    public async Task A_blob_is_given_out_while_it_comes_and_its_end_when_it_proved_right()
    {
        await using var upstream = await ReferenceRegistry.StartAsync();
        await using var slow = await LyingRegistry.StartAsync(upstream);
        using var content = new RegistryContent(upstream.Url);
        var tar = new TarBytes().File("name", Convert.ToBase64String(RandomNumberGenerator.GetBytes(1_000_000))).End();
        await content.PutImageAsync("v1", Platform.Host, docker: false, bytes => bytes, MediaTypes.OciLayer, tar);
        var (go, wrong) = (new TaskCompletionSource(), false);
        slow.Blob = async (context, bytes) =>
        {
            if (bytes.Length != tar.Length) return false;
            if (wrong) bytes[10] ^= 1;
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, 900_000));
            await context.Response.Body.FlushAsync();
            if (!wrong) await go.Task;
            await context.Response.Body.WriteAsync(bytes.AsMemory(900_000));
            return true;
        };
        await using var registry = await ServedRegistry.StartAsync(options => options with { Caches = [$"mirror={slow.Address}"] });
        await registry.ExpectAsync(200, "GET", "/v2/mirror/sample/manifests/v1");
        var path = $"/v2/mirror/sample/blobs/{Digest.Of(tar)}";
        using (var head = await registry.SendAsync("HEAD", path)) Assert.Equal(tar.Length, head.Content.Headers.ContentLength);

        var first = await registry.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        var second = await registry.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        var got = new byte[tar.Length];
        await (await first.Content.ReadAsStreamAsync()).ReadExactlyAsync(got.AsMemory(0, 800_000));
        Assert.False(registry.Has(Digest.Of(tar)));
        go.SetResult();
        await (await first.Content.ReadAsStreamAsync()).ReadExactlyAsync(got.AsMemory(800_000));
        Assert.Equal(Digest.Of(tar), Digest.Of(got));
        Assert.Equal(Digest.Of(tar), Digest.Of(await second.Content.ReadAsByteArrayAsync()));
        Assert.Single(slow.BlobRequests, request => request.Path.EndsWith(Digest.Of(tar).ToString(), StringComparison.Ordinal));
        first.Dispose();
        second.Dispose();

        wrong = true;
        await using var other = await ServedRegistry.StartAsync(options => options with { Caches = [$"mirror={slow.Address}"] });
        await other.ExpectAsync(200, "GET", "/v2/mirror/sample/manifests/v1");
        using var broken = await other.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => broken.Content.ReadAsByteArrayAsync());
        Assert.False(other.Has(Digest.Of(tar)));
    }

    [Fact]
    public async Task Beyond_its_bound_the_cache_forgets_what_was_not_asked_for_the_longest()
    {
        await using var upstream = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(upstream.Url);
        var tars = Enumerable.Range(0, 3).Select(_ => new TarBytes().File("name", Convert.ToBase64String(RandomNumberGenerator.GetBytes(100_000))).End()).ToList();
        for (var i = 0; i < tars.Count; i++) await content.PutImageAsync($"v{i}", Platform.Host, docker: false, bytes => bytes, MediaTypes.OciLayer, tars[i]);
        await using var registry = await ServedRegistry.StartAsync(options => options with { Caches = [$"mirror={upstream.Address}"], CacheBytesMax = 300_000 });
        async Task PullAsync(int image)
        {
            registry.Time.Advance(TimeSpan.FromMinutes(20));
            await registry.ExpectAsync(200, "GET", $"/v2/mirror/sample/manifests/v{image}");
            await registry.ExpectAsync(200, "GET", $"/v2/mirror/sample/blobs/{Digest.Of(tars[image])}");
        }
        await PullAsync(0);
        await PullAsync(1);
        await PullAsync(0);
        await PullAsync(2);
        await Eventually.HoldsAsync(() => Task.FromResult(!registry.Has(Digest.Of(tars[1]))));
        Assert.True(registry.Has(Digest.Of(tars[0])) && registry.Has(Digest.Of(tars[2])));
        await PullAsync(1);
        Assert.True(registry.Has(Digest.Of(tars[1])));
    }

    [Fact]
    public async Task A_tag_that_moved_is_followed()
    {
        await using var upstream = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(upstream.Url);
        var first = await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_tar);
        await using var registry = await ServedRegistry.StartAsync(options => options with { Caches = [$"={upstream.Address}"] });
        async Task<string> SeenAsync()
        {
            using var head = await registry.SendAsync("HEAD", "/v2/sample/manifests/v1");
            return head.Headers.GetValues("Docker-Content-Digest").Single();
        }
        Assert.Equal((string)first["digest"]!, await SeenAsync());
        var second = await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_tar, s_tar);
        registry.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((string)second["digest"]!, await SeenAsync());
        Assert.Equal("MANIFEST_UNKNOWN", await registry.RefusedAsync(404, "GET", "/v2/sample/manifests/v9"));
    }

    [Fact]
    public async Task What_comes_wrong_is_not_kept()
    {
        await using var upstream = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(upstream);
        using var content = new RegistryContent(upstream.Url);
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_tar);
        lying.Blob = async (context, bytes) =>
        {
            bytes[^1] ^= 1;
            await context.Response.Body.WriteAsync(bytes);
            return true;
        };
        await using var registry = await ServedRegistry.StartAsync(options => options with { Caches = [$"mirror={lying.Address}"] });
        await registry.ExpectAsync(200, "GET", "/v2/mirror/sample/manifests/v1");
        var blob = Digest.Of(RegistryContent.Gzip(s_tar));
        await registry.ExpectAsync(502, "GET", $"/v2/mirror/sample/blobs/{blob}");
        Assert.False(registry.Has(blob));
        lying.Blob = (_, _) => Task.FromResult(false);
        await registry.ExpectAsync(200, "GET", $"/v2/mirror/sample/blobs/{blob}");
    }
}
