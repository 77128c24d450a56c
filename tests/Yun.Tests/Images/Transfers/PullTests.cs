using System.Text.Json.Nodes;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.Images.Transfers;

/// <summary>Pulls from the distribution's own registry.</summary>
public sealed class PullTests
{
    private static readonly byte[] s_base = new TarBytes().Directory("etc").File("etc/name", "base").End();
    private static readonly byte[] s_top = new TarBytes().Directory("etc").File("etc/name", "top").File("run", "go").End();

    public static TheoryData<bool, string, string> Forms => new()
    {
        { true, "gzip", MediaTypes.DockerLayerGzip }, { false, "gzip", MediaTypes.OciLayerGzip }, { false, "zstd", MediaTypes.OciLayerZstd }, { false, "plain", MediaTypes.OciLayer },
    };

    private static Func<byte[], byte[]> By(string compression) => compression switch { "gzip" => RegistryContent.Gzip, "zstd" => RegistryContent.Zstd, _ => bytes => bytes };

    [Theory, MemberData(nameof(Forms))]
    public async Task Images_of_each_form_arrive_whole(bool docker, string compression, string layerType)
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        var manifest = await content.PutImageAsync("v1", Platform.Host, docker, By(compression), layerType, s_base, s_top);
        await using var store = await ScratchStore.OpenAsync();
        var image = await store.PullAsync($"{registry.Address}/sample:v1");
        Assert.Equal("top", store.Read(image, "etc/name"));
        Assert.Equal([Digest.Of(s_base), Digest.Of(s_top)], image.DiffIds);
        Assert.Equal([$"{registry.Address}/sample:v1"], image.RepoTags);
        Assert.Equal([$"{registry.Address}/sample@{manifest["digest"]}"], image.RepoDigests);
        Assert.Equal(0, store.FilesIn(store.Incoming));
        // Two layers, the configuration and the manifest.
        Assert.Equal(4, store.FilesIn(store.Blobs));
    }

    [Fact]
    public async Task An_index_gives_the_image_of_the_platform_that_is_asked_for()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        var (here, there) = (Platform.Host, Platform.Parse("linux/s390x"));
        var own = await content.PutImageAsync(null, here, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, s_base);
        var foreign = await content.PutImageAsync(null, there, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, s_top);
        var index = await content.PutManifestAsync("many", MediaTypes.OciIndex, new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray(foreign, own) });
        await using var store = await ScratchStore.OpenAsync();
        var name = $"{registry.Address}/sample:many";
        Assert.Equal("base", store.Read(await store.PullAsync(name), "etc/name"));
        var other = await store.PullAsync(name, there);
        Assert.Equal("top", store.Read(other, "etc/name"));
        Assert.Equal([$"{registry.Address}/sample@{index}"], store.Images.Find(name).RepoDigests);
        var refused = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync(name, Platform.Parse("linux/riscv64")));
        Assert.Equal(ErrorKind.NotFound, refused.Kind);
        Assert.Equal("no matching manifest for linux/riscv64 in the manifest list entries", refused.Message);
    }

    [Fact]
    public async Task An_image_for_another_platform_is_refused_where_one_was_asked_for()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("v1", Platform.Parse("linux/s390x"), docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await using var store = await ScratchStore.OpenAsync();
        var refused = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"{registry.Address}/sample:v1", Platform.Parse("linux/riscv64")));
        Assert.Contains("does not provide the specified platform (linux/riscv64)", refused.Message, StringComparison.Ordinal);
        Assert.Empty(store.Images.List());
    }

    [Fact]
    public async Task A_second_pull_downloads_nothing_and_says_so()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await using var store = await ScratchStore.OpenAsync();
        var name = $"{lying.Address}/sample:v1";
        await store.PullAsync(name);
        Assert.Equal($"Status: Downloaded newer image for {name}", store.Seen.Last().Status);
        var asked = lying.BlobRequests.Count;
        await store.PullAsync(name);
        Assert.Equal($"Status: Image is up to date for {name}", store.Seen.Last().Status);
        Assert.Equal(asked, lying.BlobRequests.Count);
    }

    [Fact]
    public async Task Two_pulls_of_one_layer_download_it_once()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("one", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await content.PutImageAsync("two", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base, s_top);
        var shared = $"/blobs/{Digest.Of(RegistryContent.Gzip(s_base))}";
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        lying.Blob = async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith(shared, StringComparison.Ordinal)) return false;
            asked.TrySetResult();
            await go.Task;
            return false;
        };
        await using var store = await ScratchStore.OpenAsync();
        var first = store.PullAsync($"{lying.Address}/sample:one");
        await asked.Task;
        var second = store.PullAsync($"{lying.Address}/sample:two");
        await Yun.Tests.EndToEnd.Eventually.HoldsAsync(() => Task.FromResult(store.Seen.Any(line => line.Id == "two")));
        go.SetResult();
        Assert.Equal("base", store.Read(await first, "etc/name"));
        Assert.Equal("top", store.Read(await second, "etc/name"));
        Assert.Single(lying.BlobRequests, request => request.Path.EndsWith(shared, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pull_that_is_given_up_does_not_end_the_other_that_shares_its_layer()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("one", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await content.PutImageAsync("two", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base, s_top);
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        lying.Blob = async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith(Digest.Of(RegistryContent.Gzip(s_base)).ToString(), StringComparison.Ordinal)) return false;
            asked.TrySetResult();
            await go.Task;
            return false;
        };
        await using var store = await ScratchStore.OpenAsync();
        using var stop = new CancellationTokenSource();
        var first = store.PullAsync($"{lying.Address}/sample:one", cancel: stop.Token);
        await asked.Task;
        var second = store.PullAsync($"{lying.Address}/sample:two");
        await Yun.Tests.EndToEnd.Eventually.HoldsAsync(() => Task.FromResult(store.Seen.Count(line => line.Status == "Pulling fs layer") == 3));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        go.SetResult();
        Assert.Equal("top", store.Read(await second, "etc/name"));
    }

    [Fact]
    public async Task All_tags_of_a_repository_are_pulled_also_when_they_come_in_pages()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        using var content = new RegistryContent(registry.Url);
        for (var i = 1; i <= 5; i++) await content.PutImageAsync($"v{i}", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        // The reference registry answers with pages where a client asks for them; others do so by themselves.
        lying.Answer = context =>
        {
            if (context.Request.Path.Value!.EndsWith("/tags/list", StringComparison.Ordinal) && !context.Request.QueryString.HasValue) context.Request.QueryString = new("?n=2");
            return Task.FromResult(false);
        };
        await using var store = await ScratchStore.OpenAsync();
        var images = await store.Images.PullAllAsync(ImageReference.Parse($"{lying.Address}/sample"), null, null, null);
        Assert.Equal(5, images.Count);
        Assert.Equal(5, store.Images.List().Single().RepoTags.Count);
    }

    [Fact]
    public async Task What_the_registry_does_not_have_is_named()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await using var store = await ScratchStore.OpenAsync();
        var noTag = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"{registry.Address}/sample:v2"));
        Assert.Equal((ErrorKind.NotFound, $"manifest for {registry.Address}/sample:v2 not found: manifest unknown: manifest unknown"), (noTag.Kind, noTag.Message));
        var nobody = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"127.0.0.1:{LoopbackPort.Free()}/sample"));
        Assert.Equal(ErrorKind.Unavailable, nobody.Kind);
        Assert.EndsWith("cannot be reached: connection refused.", nobody.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_speaks_TLS_later_than_it_was_first_asked_is_found()
    {
        await using var store = await ScratchStore.OpenAsync(new RegistryOptions(Insecure: ["127.0.0.1"]));
        var port = LoopbackPort.Free();
        Assert.Equal(ErrorKind.Unavailable, (await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"127.0.0.1:{port}/sample"))).Kind);
        await using var registry = await ReferenceRegistry.StartAsync(new TestCertificate(), port);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"127.0.0.1:{port}/sample"))).Kind);
    }

    [Fact]
    public async Task A_layer_that_went_bad_on_the_disk_is_downloaded_again()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await using var store = await ScratchStore.OpenAsync();
        var name = $"{registry.Address}/sample:v1";
        await store.PullAsync(name);
        var blob = Path.Combine(store.Blobs, Digest.Of(RegistryContent.Gzip(s_base)).Hex);
        await store.ReopenAsync(() =>
        {
            foreach (var layer in Directory.GetDirectories(store.Layers).Where(path => File.Exists(Path.Combine(path, "layer.json")))) Directory.Delete(layer, recursive: true);
            File.WriteAllBytes(blob, new byte[new FileInfo(blob).Length]);
        });
        Assert.Equal("base", store.Read(await store.PullAsync(name), "etc/name"));
        Assert.Equal(Digest.Of(RegistryContent.Gzip(s_base)), Digest.Of(File.ReadAllBytes(blob)));
    }

    [Fact]
    public async Task What_is_no_container_image_is_refused_by_its_name()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("chart", Platform.Host, docker: false, bytes => bytes, "application/vnd.cncf.helm.chart.content.v1.tar+gzip", s_base);
        await using var store = await ScratchStore.OpenAsync();
        var refused = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"{registry.Address}/sample:chart"));
        Assert.Equal($"{registry.Address}/sample:chart is no container image: it holds 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'.", refused.Message);
    }

    [Fact]
    public async Task What_a_broken_pull_brought_is_kept_a_while_and_then_goes()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("v1", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base, s_top);
        var (baseBlob, topBlob) = (Digest.Of(RegistryContent.Gzip(s_base)), Digest.Of(RegistryContent.Gzip(s_top)));
        await using var store = await ScratchStore.OpenAsync();
        var hangs = new TaskCompletionSource();
        lying.Blob = async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith(topBlob.ToString(), StringComparison.Ordinal)) return false;
            await hangs.Task;
            return false;
        };
        using var stop = new CancellationTokenSource();
        var broken = store.PullAsync($"{lying.Address}/sample:v1", cancel: stop.Token);
        await Yun.Tests.EndToEnd.Eventually.HoldsAsync(() => Task.FromResult(store.Seen.Any(line => line is { Status: "Pull complete" })));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => broken);
        hangs.SetResult();

        await store.Images.CollectAsync(TimeSpan.FromDays(1));
        await store.Images.PruneAsync(all: true);
        var asked = lying.BlobRequests.Count(request => request.Path.EndsWith(baseBlob.ToString(), StringComparison.Ordinal));
        Assert.Equal("top", store.Read(await store.PullAsync($"{lying.Address}/sample:v1"), "etc/name"));
        Assert.Equal(asked, lying.BlobRequests.Count(request => request.Path.EndsWith(baseBlob.ToString(), StringComparison.Ordinal)));

        await store.Images.RemoveAsync($"{lying.Address}/sample:v1", force: false, pruneParents: true);
        using var again = new CancellationTokenSource();
        hangs = new TaskCompletionSource();
        var second = store.PullAsync($"{lying.Address}/sample:v1", cancel: again.Token);
        await Yun.Tests.EndToEnd.Eventually.HoldsAsync(() => Task.FromResult(store.FilesIn(store.Blobs) == 1));
        await again.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        hangs.SetResult();
        Assert.True(await store.Images.CollectAsync() > 0);
        Assert.Equal(0, store.FilesIn(store.Blobs));
    }

    [Fact]
    public async Task Pulls_and_prunes_at_once_lose_nothing()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("one", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base, s_top);
        await content.PutImageAsync("two", Platform.Host, docker: true, RegistryContent.Gzip, MediaTypes.DockerLayerGzip, s_base);
        await using var store = await ScratchStore.OpenAsync();
        using var done = new CancellationTokenSource();
        var pruning = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                await store.Images.PruneAsync(all: true);
                await store.Images.CollectAsync();
            }
        });
        await Task.WhenAll(new[] { ("one", 2), ("two", 1) }.Select(image => Task.Run(async () =>
        {
            for (var round = 0; round < 25; round++) Assert.Equal(image.Item2, (await store.PullAsync($"{registry.Address}/sample:{image.Item1}")).Layers.Count);
        })));
        await done.CancelAsync();
        await pruning;
        Assert.Equal("top", store.Read(await store.PullAsync($"{registry.Address}/sample:one"), "etc/name"));
        await foreach (var damage in store.Images.VerifyAsync(repair: false)) Assert.Fail($"{damage}");
    }
}
