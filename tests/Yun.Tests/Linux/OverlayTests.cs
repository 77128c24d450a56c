using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Linux;

/// <summary>Layers as overlay mounts that no path leads to, in the way of this kernel and in that of older ones.</summary>
public sealed class OverlayTests : IDisposable
{
    // What overlayfs takes at most (OVL_MAX_STACK).
    private const int LayersMax = 500;

    private readonly ScratchFolder _folder = new();

    public OverlayTests() => Assert.SkipWhen(Environment.UserName != "root", "mounting needs root");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<int, bool> Ways => new() { { 1, true }, { 2, true }, { 60, true }, { LayersMax, true }, { 1, false }, { 60, false }, { LayersMax, false } };

    private List<string> Layers(int count)
    {
        var layers = new List<string>();
        for (var i = 0; i < count; i++)
        {
            _folder.Write($"{i:d3}-a-name-that-is-by-no-means-short/own-{i}", $"{i}");
            _folder.Write($"{i:d3}-a-name-that-is-by-no-means-short/top", $"{i}");
            layers.Add(_folder[$"{i:d3}-a-name-that-is-by-no-means-short"]);
        }
        return layers;
    }

    private static string Read(SafeFileHandle root, string path)
    {
        using var file = PathDescriptor.Open(root, path, OpenFlags.ReadOnly);
        using var reader = new StreamReader(new FileStream(file, FileAccess.Read, 1));
        return reader.ReadToEnd();
    }

    [Theory, MemberData(nameof(Ways))]
    public void The_files_of_all_layers_are_there_and_the_topmost_hides_the_others(int count, bool byNumbers)
    {
        var layers = Layers(count);
        _folder.Write("upper/changed", "yes");
        Directory.CreateDirectory(_folder["work"]);
        using var root = byNumbers ? Overlay.MountByNumbers(layers, _folder["upper"], _folder["work"]) : Overlay.Mount(layers, _folder["upper"], _folder["work"]);
        Assert.Equal(("0", "yes"), (Read(root, "top"), Read(root, "changed")));
        for (var i = 0; i < count; i++) Assert.Equal($"{i}", Read(root, $"own-{i}"));
        using (PathDescriptor.Open(root, "made", OpenFlags.WriteOnly | OpenFlags.Create, mode: 0x1a4)) { }
        Assert.True(File.Exists(_folder["upper/made"]));
        Assert.DoesNotContain(_folder.Path, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Layers_are_shifted_and_changes_are_kept_with_shifted_owners_or_as_inside(bool byNumbers)
    {
        const uint first = 0x7000_0000;
        var layers = Layers(3);
        List<SpecIdMapping> ids = [new() { HostId = first, Size = 65536 }];
        using var maps = IdMap.MakeNamespaces(ids, ids, network: false).User;
        foreach (var inside in (bool[])[false, true])
        {
            var (upper, work) = ($"changes{inside}/upper", $"changes{inside}/work");
            foreach (var folder in (string[])[upper, work]) Directory.CreateDirectory(_folder[folder]);
            using var root = inside
                ? byNumbers ? Overlay.MountByNumbers(layers, "upper", "work", maps, _folder[$"changes{inside}"], (first, first)) : Overlay.MountUnshifted(layers, _folder[$"changes{inside}"], "upper", "work", maps, first, first)
                : byNumbers ? Overlay.MountByNumbers(layers, _folder[upper], _folder[work], maps) : Overlay.Mount(layers, _folder[upper], _folder[work], maps);
            Assert.Equal(("0", first), (Read(root, "top"), FileAt.Status(root, "top").UserId));
            FileAt.ChangeMode(root, "own-2", 0x180);
            Assert.Equal((first, inside ? 0 : first), (FileAt.Status(root, "own-2").UserId, FileAt.Status(PathDescriptor.Open(null, _folder[upper + "/own-2"], OpenFlags.Path)).UserId));
        }
        Assert.Equal(0u, FileAt.Status(PathDescriptor.Open(null, layers[0] + "/top", OpenFlags.Path)).UserId);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public void Without_a_place_for_changes_it_can_only_be_read(bool byNumbers)
    {
        var layers = Layers(3);
        using var root = byNumbers ? Overlay.MountByNumbers(layers, null, null) : Overlay.Mount(layers, null, null);
        Assert.Equal("0", Read(root, "top"));
        Assert.Equal(Errno.EROFS, PathDescriptor.TryOpen(root, "made", OpenFlags.WriteOnly | OpenFlags.Create, out _, mode: 0x1a4));
    }

    [Fact]
    public void A_layer_that_is_not_there_is_named()
    {
        Assert.Contains("/no/such/layer", Assert.Throws<SyscallException>(() => Overlay.MountByNumbers([.. Layers(2), "/no/such/layer"], null, null)).Message, StringComparison.Ordinal);
    }
}
