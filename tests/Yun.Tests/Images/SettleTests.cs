using Yun.Images;
using Yun.Linux;
using Yun.Oci;
using Yun.Tests.Archives;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.Images;

/// <summary>What a build makes on its way: of use at once, on the disk later, and never there by half.</summary>
public sealed class SettleTests
{
    [Fact]
    public async Task What_is_not_settled_is_of_use_at_once_and_nothing_of_it_is_there_after_a_crash()
    {
        await using var store = await ScratchStore.OpenAsync();
        using var lease = store.Images.Lease("test", settlesLater: true);
        var image = await store.MakeAsync(lease, One, Two);
        Assert.Equal("second", store.Read(image, "b"));
        Assert.Equal(image.Id, store.Images.Find(image.Id.ToString()).Id);
        Assert.Empty(await DamagesAsync(store.Images));

        await using var next = await store.KilledAsync();
        Assert.Empty(next.Images.List());
        Assert.Empty(Directory.GetFiles(next.Blobs));
        Assert.Empty(await DamagesAsync(next.Images));
        Assert.Equal(["empty", "incoming"], Directory.GetFileSystemEntries(next.Layers).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task What_is_settled_is_there_whole_where_it_was()
    {
        await using var store = await ScratchStore.OpenAsync();
        using var lease = store.Images.Lease("test", settlesLater: true);
        var image = await store.MakeAsync(lease, One, Two);
        var before = image.Layers.Select(layer => layer.Directory).ToList();
        using var opened = PathDescriptor.Open(null, before[1], OpenFlags.ReadOnly | OpenFlags.Directory);
        await store.Images.SettleAsync();

        Assert.Equal(before, store.Images.Find(image.Id.ToString()).Layers.Select(layer => layer.Directory));
        Assert.Equal("second", File.ReadAllText($"/proc/self/fd/{opened.DangerousGetHandle()}/b"));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(store.Layers, "incoming")));
        await using var next = await store.KilledAsync();
        Assert.Equal("first", next.Read(next.Images.Find(image.Id.ToString()), "a"));
        Assert.Empty(await DamagesAsync(next.Images));
    }

    [Fact]
    public async Task A_name_brings_to_the_disk_what_it_stands_for_and_what_that_stands_on()
    {
        await using var store = await ScratchStore.OpenAsync();
        using var lease = store.Images.Lease("test", settlesLater: true);
        await store.Images.TagAsync(await store.MakeAsync(lease, One, Two), ImageReference.Parse("named"));
        await using var next = await store.KilledAsync();
        Assert.Equal("second", next.Read(next.Images.Find("named"), "b"));
        Assert.Empty(await DamagesAsync(next.Images));
    }

    [Fact]
    public async Task What_others_make_of_it_at_once_brings_it_to_the_disk()
    {
        await using var store = await ScratchStore.OpenAsync();
        using var lease = store.Images.Lease("test", settlesLater: true);
        var below = await store.MakeAsync(lease, One);
        using var other = store.Images.Lease("other");
        var image = await store.Images.CreateImageAsync(below.Config with { Created = "2024-06-01T00:00:00Z" }, below.Layers, other, below.Id);
        await using var next = await store.KilledAsync();
        Assert.Equal("first", next.Read(next.Images.Find(image.Id.ToString()), "a"));
        Assert.Equal(below.Id, next.Images.Find(image.Id.ToString()).Parent);
        Assert.Equal(below.Id, next.Images.Find(below.Id.ToString()).Id);
    }

    [Fact]
    public async Task What_could_not_be_brought_to_the_disk_is_not_there_and_can_be_made_again()
    {
        await using var store = await ScratchStore.OpenAsync();
        var kept = await store.MakeAsync("kept", Two);
        using (var lease = store.Images.Lease("test", settlesLater: true))
        {
            var lost = await store.MakeAsync(lease, One);
            Directory.Delete(Directory.GetDirectories(Path.Combine(store.Layers, "incoming")).Single(), recursive: true);
            await Assert.ThrowsAsync<SyscallException>(() => store.Images.SettleAsync());
            Assert.Null(store.Images.TryFind(lost.Id.ToString()));
        }
        Assert.Equal([kept.Id], store.Images.List().Select(image => image.Id));
        Assert.Equal("first", store.Read(await store.MakeAsync("again", One), "a"));
        await using var next = await store.KilledAsync();
        Assert.Equal("first", next.Read(next.Images.Find("again"), "a"));
        Assert.Empty(await DamagesAsync(next.Images));
    }

    private static byte[] One => new TarBytes().File("a", "first").End();

    private static byte[] Two => new TarBytes().File("b", "second").End();

    private static async Task<List<Damage>> DamagesAsync(ImageStore images)
    {
        var found = new List<Damage>();
        await foreach (var damage in images.VerifyAsync(repair: false)) found.Add(damage);
        return found;
    }
}
