using System.Text;
using Yun.Images;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Store;
using Yun.Tests.EndToEnd;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.RegistryApi;

/// <summary>The collection runs while everything else does, and takes only what nothing stands on.</summary>
public sealed class CollectionTests
{
    private static readonly byte[] s_blob = Encoding.UTF8.GetBytes("a blob that no manifest names");

    [Fact]
    public async Task What_no_manifest_names_goes_after_its_lease_and_what_one_names_stays()
    {
        await using var registry = await ServedRegistry.StartAsync();
        await registry.PutImageAsync("sample", "v1");
        await registry.PutBlobAsync("sample", s_blob);
        await registry.Repositories.CollectAsync();
        Assert.True(registry.Has(Digest.Of(s_blob)));
        registry.Time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(s_blob.Length, await registry.Repositories.CollectAsync());
        Assert.False(registry.Has(Digest.Of(s_blob)));
        await registry.ExpectAsync(404, "GET", $"/v2/sample/blobs/{Digest.Of(s_blob)}");
        await registry.ExpectAsync(200, "GET", $"/v2/sample/blobs/{Digest.Of("layer text"u8)}");
        await registry.ExpectAsync(200, "GET", "/v2/sample/manifests/v1");
    }

    [Fact]
    public async Task A_client_that_has_asked_for_a_blob_can_count_on_it()
    {
        await using var registry = await ServedRegistry.StartAsync();
        await registry.PutBlobAsync("sample", s_blob);
        registry.Time.Advance(TimeSpan.FromHours(23));
        await registry.ExpectAsync(200, "HEAD", $"/v2/sample/blobs/{Digest.Of(s_blob)}");
        registry.Time.Advance(TimeSpan.FromHours(23));
        await registry.Repositories.CollectAsync();
        await registry.PutBlobAsync("sample", "{}"u8.ToArray());
        await registry.PutManifestAsync("sample", "v1", ServedRegistry.Manifest("{}"u8.ToArray(), s_blob));
    }

    [Fact]
    public async Task An_upload_that_nobody_goes_on_with_gives_its_room_back()
    {
        await using var registry = await ServedRegistry.StartAsync();
        using var begun = await registry.SendAsync("POST", "/v2/sample/blobs/uploads/");
        var upload = begun.Headers.Location!.ToString();
        await registry.ExpectAsync(202, "PATCH", upload, s_blob);
        registry.Time.Advance(TimeSpan.FromHours(20));
        await registry.ExpectAsync(204, "GET", upload);
        registry.Time.Advance(TimeSpan.FromHours(20));
        await registry.Repositories.CollectAsync();
        Assert.Single(Directory.GetFiles(registry.Uploads));
        registry.Time.Advance(TimeSpan.FromHours(5));
        await registry.Repositories.CollectAsync();
        Assert.Empty(Directory.GetFiles(registry.Uploads));
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await registry.RefusedAsync(404, "GET", upload));
    }

    [Fact]
    public async Task A_blob_that_another_repository_has_stays_for_that()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var one = await registry.PutImageAsync("one", "v1");
        await registry.PutImageAsync("two", "v1");
        await registry.ExpectAsync(202, "DELETE", $"/v2/one/manifests/{one}");
        registry.Time.Advance(TimeSpan.FromHours(25));
        await registry.Repositories.CollectAsync();
        await registry.ExpectAsync(404, "GET", $"/v2/one/blobs/{Digest.Of("layer text"u8)}");
        await registry.ExpectAsync(200, "GET", $"/v2/two/blobs/{Digest.Of("layer text"u8)}");
        await registry.ExpectAsync(200, "GET", "/v2/two/manifests/v1");
    }

    [Fact]
    public async Task Pushes_deletions_and_collections_at_once_leave_every_tag_whole()
    {
        // Nothing has a lease, so that only what is right at every moment saves a blob.
        await using var registry = await ServedRegistry.StartAsync(options => options with { Limits = new Yun.Images.Repositories.RepositoryLimits(LeaseHours: 1.0 / 3600) });
        using var stop = new CancellationTokenSource();
        var collecting = Task.Run(async () =>
        {
            for (var runs = 0; !stop.IsCancellationRequested; runs++) await registry.Repositories.CollectAsync();
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
        {
            for (var i = 0; i < 30; i++)
            {
                var digest = await PushAsync($"team{client % 2}", $"tag{client}", $"shared {i % 5}");
                if (i % 3 == 2) (await registry.SendAsync("DELETE", $"/v2/team{client % 2}/manifests/{digest}")).Dispose();
            }
        }));
        await stop.CancelAsync();
        await collecting;
        foreach (var repository in registry.Repositories.List())
            foreach (var manifest in repository.Manifests.Values)
                foreach (var blob in manifest.Blobs)
                    Assert.Equal(blob, Digest.Of(await registry.Http.GetByteArrayAsync($"/v2/{repository.Name}/blobs/{blob}")));

        async Task<Digest> PushAsync(string name, string tag, string text)
        {
            while (true)
            {
                // A client whose lease ran out between blob and manifest is told so, and pushes again.
                try { return await registry.PutImageAsync(name, tag, text); }
                catch (Xunit.Sdk.XunitException refused) when (refused.Message.Contains("MANIFEST_BLOB_UNKNOWN", StringComparison.Ordinal)) { }
            }
        }
    }

    [Fact]
    public async Task Engine_and_registry_keep_one_copy_and_neither_takes_it_from_the_other()
    {
        using var folder = new ScratchFolder();
        await using var records = new MemoryStore();
        var images = await ImageStore.OpenAsync(folder.Path, records);
        var port = LoopbackPort.Free();
        await using (var host = await Yun.RegistryApi.RegistryHost.StartAsync(images.Repositories, new Yun.RegistryApi.RegistryServerOptions(folder.Path, $"127.0.0.1:{port}"), new Yun.Node.EngineLog((_, _) => { }), TimeProvider.System))
        {
            await using var elsewhere = await ScratchStore.OpenAsync();
            var name = ImageReference.Parse($"127.0.0.1:{port}/sample:v1");
            await elsewhere.MakeAsync(name.ToString(), new TarBytes().File("one", "1").End());
            await elsewhere.Images.PushAsync(name, null, null);
            var blobs = Directory.GetFiles(folder["content/blobs/sha256"]).Order().ToList();
            Assert.Equal(3, blobs.Count);
            await images.PullAsync(name, null, null, null);
            Assert.Equal(blobs, Directory.GetFiles(folder["content/blobs/sha256"]).Order());
            await images.RemoveAsync(name.ToString(), force: true, pruneParents: true);
            await images.CollectAsync();
            Assert.Equal(blobs, Directory.GetFiles(folder["content/blobs/sha256"]).Order());
            await images.PullAsync(name, null, null, null);
            await images.Repositories.DeleteManifestAsync("sample", images.Repositories.Get("sample").Tags["v1"], default);
        }
        await images.DisposeAsync();
        await using var again = await ImageStore.OpenAsync(folder.Path, records);
        await again.CollectAsync();
        Assert.Single(again.List());
        Assert.Equal(3, Directory.GetFiles(folder["content/blobs/sha256"]).Length);
    }

    [Fact]
    public async Task A_second_registry_on_the_same_data_is_refused()
    {
        await using var registry = await ServedRegistry.StartAsync();
        await using var records = new MemoryStore();
        var refused = await Assert.ThrowsAsync<EngineException>(() => Yun.Images.Repositories.RepositoryStore.OpenAsync(registry.Folder.Path, records));
        Assert.Equal($"Another daemon or registry works with the data root {registry.Folder.Path}.", refused.Message);
    }
}
