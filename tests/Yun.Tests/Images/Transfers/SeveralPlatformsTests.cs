using System.Text.Json.Nodes;
using Yun.Images;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;
using Yun.Tests.RegistryApi;

namespace Yun.Tests.Images.Transfers;

/// <summary>Names that stand for an index, with an image for each of several platforms.</summary>
public sealed class SeveralPlatformsTests : IAsyncLifetime
{
    private static readonly byte[] s_own = new TarBytes().Directory("etc").File("etc/name", "own").End();
    private static readonly byte[] s_other = new TarBytes().Directory("etc").File("etc/name", "other").End();
    private static readonly Platform s_there = Platform.Parse("linux/s390x");

    private ReferenceRegistry _registry = null!;
    private ScratchStore _store = null!;
    private Digest _index;

    private string NameOf(string repository) => $"{_registry.Address}/{repository}:many";

    public async ValueTask InitializeAsync()
    {
        _registry = await ReferenceRegistry.StartAsync();
        _store = await ScratchStore.OpenAsync();
        using var content = new RegistryContent(_registry.Url);
        var own = await content.PutImageAsync(null, Platform.Host, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, s_own);
        var other = await content.PutImageAsync(null, s_there, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, s_other);
        _index = await content.PutManifestAsync("many", MediaTypes.OciIndex, new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray(other, own) });
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _registry.DisposeAsync();
    }

    private async Task<string> PullBothAsync()
    {
        var name = NameOf("sample");
        await _store.PullAsync(name);
        await _store.PullAsync(name, s_there);
        return name;
    }

    [Fact]
    public async Task Another_platforms_image_joins_the_one_that_is_here_under_their_name()
    {
        var name = NameOf("sample");
        await _store.PullAsync(name);
        var index = _store.Images.IndexOf(_store.Images.Find(name))!;
        Assert.Equal(_index, index.Descriptor.Digest);
        Assert.Equal([false, true], index.Manifests.Select(entry => entry.Image is not null));

        await _store.PullAsync(name, s_there);
        await _store.ReopenAsync();
        var own = _store.Images.Find(name);
        Assert.Equal("own", _store.Read(own, "etc/name"));
        Assert.Equal("other", _store.Read(_store.Images.Find(name, s_there), "etc/name"));
        Assert.Equal([$"{_registry.Address}/sample@{_index}"], own.RepoDigests);
        Assert.All(_store.Images.IndexOf(own)!.Manifests, entry => Assert.NotNull(entry.Image));
        Assert.Equal([false, true], _store.Images.List().Select(image => image.IsSibling).Order());
        await _store.PullAsync(name, s_there);
        Assert.Equal($"Status: Image is up to date for {name}", _store.Seen.Last().Status);
    }

    [Fact]
    public async Task With_the_last_name_all_of_an_index_goes()
    {
        var name = await PullBothAsync();
        await _store.Images.TagAsync(_store.Images.Find(name), ImageReference.Parse("second:name"));
        await _store.Images.RemoveAsync(name, force: false, pruneParents: true);
        Assert.Empty((await _store.Images.PruneAsync(all: false)).Removed);
        Assert.Equal("other", _store.Read(_store.Images.Find("second:name", s_there), "etc/name"));
        var removed = await _store.Images.RemoveAsync("second:name", force: false, pruneParents: true);
        Assert.Equal(2, removed.Count(one => one.Deleted is { } id && Digest.TryParse(id, out var digest) && (digest == Digest.Of(RegistryContent.Config(Platform.Host, s_own)) || digest == Digest.Of(RegistryContent.Config(s_there, s_other)))));
        Assert.Empty(_store.Images.List());
        Assert.Equal(0, _store.FilesIn(_store.Blobs));
    }

    [Fact]
    public async Task Pruning_all_counts_and_removes_every_platforms_image_and_keeps_what_a_container_uses()
    {
        var name = await PullBothAsync();
        using (_store.Images.Use(_store.Images.Find(name, s_there), "container", () => false))
            Assert.Empty((await _store.Images.PruneAsync(all: true)).Removed);
        var sizes = _store.Images.List().Sum(image => image.SizeBytes);
        Assert.Equal(sizes, (await _store.Images.PruneAsync(all: true)).FreedBytes);
        Assert.Equal(0, _store.FilesIn(_store.Blobs));
    }

    [Fact]
    public async Task A_push_takes_the_whole_index_or_the_platform_that_is_asked_for_or_the_one_that_is_here()
    {
        var name = NameOf("sample");
        await _store.PullAsync(name);
        var copy = ImageReference.Parse(NameOf("copy"));
        await _store.Images.TagAsync(_store.Images.Find(name), copy);
        Assert.NotEqual(_index, (await _store.Images.PushAsync(copy, null, _store.Progress)).Digest);
        Assert.Contains(_store.Seen, line => line.Status.StartsWith("Not all platforms", StringComparison.Ordinal));

        await _store.PullAsync(name, s_there);
        Assert.Equal(_index, (await _store.Images.PushAsync(copy, null, null)).Digest);
        await using var fresh = await ScratchStore.OpenAsync();
        Assert.Equal("other", fresh.Read(await fresh.PullAsync(copy.ToString(), s_there), "etc/name"));

        var one = ImageReference.Parse(NameOf("one"));
        await _store.Images.TagAsync(_store.Images.Find(name), one);
        await _store.Images.PushAsync(one, null, null, s_there);
        Assert.Equal("other", fresh.Read(await fresh.PullAsync(one.ToString(), s_there), "etc/name"));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<EngineException>(() => _store.Images.PushAsync(one, null, null, Platform.Parse("linux/riscv64")))).Kind);
    }

    [Fact]
    public async Task An_archive_holds_all_platforms_and_gives_all_or_the_one_that_is_asked_for()
    {
        var name = await PullBothAsync();
        using var archive = new MemoryStream();
        await _store.Images.SaveAsync([name], archive);

        await using var whole = await ScratchStore.OpenAsync();
        var loaded = Assert.Single(await whole.Images.LoadAsync(new MemoryStream(archive.ToArray()), null));
        Assert.Equal(name, loaded.Name);
        Assert.Equal("own", whole.Read(whole.Images.Find(name), "etc/name"));
        Assert.Equal("other", whole.Read(whole.Images.Find(name, s_there), "etc/name"));
        var copy = ImageReference.Parse(NameOf("loaded"));
        await whole.Images.TagAsync(whole.Images.Find(name), copy);
        Assert.Equal(_index, (await whole.Images.PushAsync(copy, null, null)).Digest);

        await using var one = await ScratchStore.OpenAsync();
        await one.Images.LoadAsync(new MemoryStream(archive.ToArray()), null, s_there);
        Assert.Equal("other", one.Read(Assert.Single(one.Images.List()), "etc/name"));
        var none = await Assert.ThrowsAsync<EngineException>(() => one.Images.LoadAsync(new MemoryStream(archive.ToArray()), null, Platform.Parse("linux/riscv64")));
        Assert.Equal("The archive holds no image for the platform linux/riscv64.", none.Message);
    }

    [Fact]
    public async Task Skopeo_takes_all_platforms_from_an_archive_and_gives_them_back_in_one()
    {
        var name = await PullBothAsync();
        using var folder = new ScratchFolder();
        var skopeo = new ContainerTools(folder);
        await using (var archive = File.Create(folder["saved.tar"])) await _store.Images.SaveAsync([name], archive);
        (await skopeo.SkopeoAsync("copy", "--all", "--dest-tls-verify=false", $"oci-archive:{folder["saved.tar"]}", $"docker://{NameOf("skopeo")}")).Succeeded();
        await using var fresh = await ScratchStore.OpenAsync();
        var pulled = await fresh.PullAsync(NameOf("skopeo"), s_there);
        Assert.Equal("other", fresh.Read(pulled, "etc/name"));
        Assert.Equal([$"{_registry.Address}/skopeo@{_index}"], pulled.RepoDigests);

        (await skopeo.SkopeoAsync("copy", "--all", "--src-tls-verify=false", $"docker://{name}", $"oci-archive:{folder["copied.tar"]}:{name}")).Succeeded();
        await using var loaded = await ScratchStore.OpenAsync();
        await using (var archive = File.OpenRead(folder["copied.tar"])) await loaded.Images.LoadAsync(archive, null);
        Assert.Equal("other", loaded.Read(loaded.Images.Find(name, s_there), "etc/name"));
        Assert.Equal(_index, loaded.Images.IndexOf(loaded.Images.Find(name))!.Descriptor.Digest);
    }

    [Fact]
    public async Task A_tag_that_moved_leaves_nothing_of_the_old_index_but_what_its_digest_names()
    {
        var name = await PullBothAsync();
        using (var content = new RegistryContent(_registry.Url)) await content.PutImageAsync("many", Platform.Host, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, s_own, s_other);
        var moved = await _store.PullAsync(name);
        Assert.Null(_store.Images.IndexOf(moved));
        var old = $"{_registry.Address}/sample@{_index}";
        Assert.Equal("other", _store.Read(_store.Images.Find(old, s_there), "etc/name"));
        await _store.Images.RemoveAsync(old, force: false, pruneParents: true);
        Assert.Single(_store.Images.List());
    }
}
