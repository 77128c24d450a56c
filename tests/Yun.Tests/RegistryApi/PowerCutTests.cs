using System.Security.Cryptography;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.RegistryApi;

/// <summary>
/// A disk that stops in the middle of a push: ext4 on a file, shut down without its journal being written out, and mounted again. What the registry had answered must be there,
/// and what it had not must not be there by half.
/// </summary>
public sealed class PowerCutTests
{
    private static readonly int s_cuts = Environment.GetEnvironmentVariable("YUN_SOAK") == "1" ? 500 : 5;

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_power_cut_and_nothing_is_there_by_half()
    {
        // Nothing is deleted: it must hold what all cuts together bring.
        using var disk = await CutDisk.MakeAsync(s_cuts > 50 ? "8G" : "300M");
        var proven = new HashSet<string>();
        var kept = new List<(string Name, Digest Manifest)>();
        await using var registry = NativeRegistry.New([], disk.Path);
        for (var cut = 0; cut < s_cuts; cut++)
        {
            await registry.StartAsync();
            AssertNothingByHalf(registry.Data, proven);
            var before = CountOf(kept);
            using var stop = new CancellationTokenSource();
            var pushing = Enumerable.Range(0, 2).Select(client => PushUntilAsync(registry.Address, $"cut{cut}/client{client}", kept, stop.Token)).ToList();
            // On a busy machine the disk might always go before anything was acknowledged.
            if (cut % 2 == 0) await Eventually.HoldsAsync(() => Task.FromResult(CountOf(kept) > before));
            await Task.Delay(RandomNumberGenerator.GetInt32(50, 500));
            var cutting = stop.CancelAsync();
            disk.Cut(registry.Data);
            await registry.KillAsync();
            await cutting;
            await Task.WhenAll(pushing);
        }
        await registry.StartAsync();
        AssertNothingByHalf(registry.Data, []);
        Assert.NotEmpty(kept);
        using var http = new HttpClient();
        foreach (var (name, manifest) in kept) Assert.Equal(manifest, Digest.Of(await http.GetByteArrayAsync($"http://{registry.Address}/v2/{name}/manifests/v1")));
    }

    private static int CountOf(List<(string, Digest)> kept)
    {
        lock (kept) return kept.Count;
    }

    /// <param name="proven">What was looked at already; with hundreds of cuts that is much.</param>
    private static void AssertNothingByHalf(string data, HashSet<string> proven) =>
        Assert.All(Directory.GetFiles(Path.Combine(data, "content/blobs/sha256")).Where(path => proven.Add(Path.GetFileName(path))), path => Assert.Equal(Path.GetFileName(path), Digest.Of(File.ReadAllBytes(path)).Hex));

    /// <summary>Pushes one image after another until the registry is gone, and notes those it acknowledged.</summary>
    private static async Task PushUntilAsync(string address, string name, List<(string, Digest)> kept, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var repository = $"{name}/image{i}";
            try
            {
                using var content = new RegistryContent(new Uri($"http://{address}"), repository);
                var (config, layer) = ("{}"u8.ToArray(), RandomNumberGenerator.GetBytes(200_000));
                await content.PutBlobAsync(config);
                await content.PutBlobAsync(layer);
                var manifest = await content.PutManifestAsync("v1", MediaTypes.OciManifest, ServedRegistry.Manifest(config, layer));
                // Where the power is gone nobody answers: what is still said then is no promise.
                if (stop.IsCancellationRequested) return;
                lock (kept) kept.Add((repository, manifest));
            }
            // The disk is gone: from here on the registry refuses or does not answer.
            catch (Exception refused) when (refused is HttpRequestException or IOException or Xunit.Sdk.XunitException) { return; }
        }
    }
}
