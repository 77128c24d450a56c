using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.Images.Transfers;

/// <summary>docker save and docker load, without the daemon.</summary>
public sealed class ArchiveTests
{
    private static readonly byte[] s_base = new TarBytes().Directory("etc").File("etc/name", "base").Symlink("link", "etc/name").End();
    private static readonly byte[] s_top = new TarBytes().Directory("etc").File("etc/.wh.name").File("etc/new", "new").End();

    private static async Task<byte[]> SaveAsync(ScratchStore store, params string[] names)
    {
        using var archive = new MemoryStream();
        await store.Images.SaveAsync(names, archive);
        return archive.ToArray();
    }

    [Fact]
    public async Task What_was_saved_is_loaded_as_the_same_images()
    {
        await using var one = await ScratchStore.OpenAsync();
        await using var two = await ScratchStore.OpenAsync();
        var small = await one.MakeAsync("small:v1", s_base);
        var large = await one.MakeAsync("large:v1", s_base, s_top);
        var loaded = await two.Images.LoadAsync(new MemoryStream(await SaveAsync(one, "small:v1", "large:v1")), null);
        Assert.Equal([("small:v1", small.Id), ("large:v1", large.Id)], loaded.Select(image => (image.Name!, image.Id)));
        Assert.Equal(large.ChainIds, two.Images.Find("large:v1").ChainIds);
        Assert.Equal("new", two.Read(two.Images.Find("large:v1"), "etc/new"));
        // Saved once more, it is byte for byte the same.
        Assert.Equal(await SaveAsync(one, "large:v1"), await SaveAsync(two, "large:v1"));
    }

    [Fact]
    public async Task A_pulled_image_keeps_its_digest_through_save_and_load()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        var manifest = await content.PutImageAsync("v1", Platform.Host, docker: false, RegistryContent.Zstd, MediaTypes.OciLayerZstd, s_base, s_top);
        await using var one = await ScratchStore.OpenAsync();
        await using var two = await ScratchStore.OpenAsync();
        var name = $"{registry.Address}/sample:v1";
        await one.PullAsync(name);
        await two.Images.LoadAsync(new MemoryStream(await SaveAsync(one, name)), null);
        Assert.Equal((string)manifest["digest"]!, (await two.Images.PushAsync(ImageReference.Parse(name), null, null)).Digest.ToString());
    }

    [Fact]
    public async Task An_archive_that_ends_early_or_was_changed_leaves_nothing()
    {
        await using var one = await ScratchStore.OpenAsync();
        await one.MakeAsync("large:v1", s_base, s_top);
        var archive = await SaveAsync(one, "large:v1");
        await using var two = await ScratchStore.OpenAsync();
        foreach (var length in new[] { 0, 700, archive.Length / 3, archive.Length / 2, archive.Length - 5000 })
        {
            var refused = await Assert.ThrowsAsync<EngineException>(() => two.Images.LoadAsync(new MemoryStream(archive[..length]), null));
            Assert.DoesNotContain('\n', refused.Message);
        }
        var at = archive.AsSpan().IndexOf("base"u8);
        archive[at] ^= 0x20;
        var changed = await Assert.ThrowsAsync<EngineException>(() => two.Images.LoadAsync(new MemoryStream(archive), null));
        Assert.StartsWith("invalid diffID for layer 0: expected", changed.Message, StringComparison.Ordinal);
        await two.ReopenAsync();
        Assert.Empty(two.Images.List());
        Assert.Equal(0, two.FilesIn(two.Incoming));
        Assert.Equal(0, two.FilesIn(two.Blobs));
        Assert.Equal(0, two.FilesIn(Path.Combine(two.Layers, "incoming")));
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_named_before_anything_is_written()
    {
        await using var store = await ScratchStore.OpenAsync(new RegistryOptions());
        var none = await Assert.ThrowsAsync<EngineException>(() => SaveAsync(store, "nothing"));
        Assert.Equal("No such image: nothing:latest", none.Message);
    }
}
