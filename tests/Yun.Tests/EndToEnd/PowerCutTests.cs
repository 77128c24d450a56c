using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Yun.Oci;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.EndToEnd;

/// <summary>
/// The engine's images on a disk that stops in the middle of pulls, loads, builds, pushes, deletions and collections. What had been answered must be there after it, and nothing by half.
/// </summary>
public sealed class PowerCutTests
{
    private static readonly int s_cuts = int.TryParse(Environment.GetEnvironmentVariable("YUN_SOAK_CUTS"), out var cuts) ? cuts : Environment.GetEnvironmentVariable("YUN_SOAK") == "1" ? 1500 : 25;

    [Fact]
    public async Task What_was_answered_is_there_after_a_power_cut_and_nothing_is_there_by_half()
    {
        using var disk = await CutDisk.MakeAsync("400M");
        await using var registry = await ReferenceRegistry.StartAsync();
        var remote = await RemoteImages.MakeAsync(registry);
        await using var daemon = Daemon.OnDisk(disk);
        using var engine = new EngineApi(daemon.Socket);
        var expected = new Expected();
        for (var cut = 0; cut < s_cuts; cut++)
        {
            await daemon.StartAgainAsync();
            await expected.CheckAsync(engine, cut);
            using var stop = new CancellationTokenSource();
            var workers = new StoreWork(engine, remote, expected, cut, stop.Token);
            var work = workers.Run();
            // On a busy machine the disk might always go before anything was answered.
            var (kind, before) = (StoreWork.Kinds[cut / 2 % StoreWork.Kinds.Length], expected.Answered.ToDictionary());
            if (cut % 2 == 0) await Eventually.HoldsAsync(() => Task.FromResult(work.IsCompleted || expected.Answered.GetValueOrDefault(kind) > before.GetValueOrDefault(kind)));
            Assert.False(work.IsCompleted, work.Exception?.ToString());
            await Task.Delay(RandomNumberGenerator.GetInt32(20, 400));
            expected.DiskIsGone = true;
            await daemon.CutAsync();
            await stop.CancelAsync();
            await work;
        }
        await daemon.StartAgainAsync();
        await expected.CheckAsync(engine, s_cuts);
        if (s_cuts >= 20) Assert.All(StoreWork.Kinds, kind => Assert.True(expected.Answered.GetValueOrDefault(kind) > 0, $"no {kind} was ever answered"));
    }

    /// <summary>The Engine API, a request at a time; an answer whose stream tells an error is none.</summary>
    private sealed class EngineApi(string socket) : IDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler
        {
            PooledConnectionIdleTimeout = TimeSpan.Zero,
            ConnectCallback = async (_, cancel) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                return new NetworkStream(connection, ownsSocket: true);
            },
        }) { BaseAddress = new Uri("http://localhost") };

        /// <exception cref="HttpRequestException">It was not done, or nobody knows whether it was.</exception>
        public async Task<string> CallAsync(HttpMethod method, string path, byte[]? body = null, CancellationToken cancel = default)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new ByteArrayContent(body) { Headers = { { "Content-Type", "application/x-tar" } } } };
            using var response = await _http.SendAsync(request, cancel);
            var text = await response.Content.ReadAsStringAsync(cancel);
            if (!response.IsSuccessStatusCode || text.Contains("errorDetail", StringComparison.Ordinal)) throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {text}");
            return text;
        }

        /// <summary>The ids of images by their names; also those that no name stands for.</summary>
        public async Task<Dictionary<string, string>> NamesAsync()
        {
            using var list = JsonDocument.Parse(await CallAsync(HttpMethod.Get, "/images/json"));
            return list.RootElement.EnumerateArray().SelectMany(image => image.GetProperty("RepoTags").EnumerateArray().Select(name => (Name: name.GetString()!, Id: image.GetProperty("Id").GetString()!))).ToDictionary(one => one.Name, one => one.Id);
        }

        public void Dispose() => _http.Dispose();
    }

    /// <summary>Images in a registry, to be pulled, and the same as archives, to be loaded.</summary>
    private sealed class RemoteImages(ReferenceRegistry registry, IReadOnlyList<byte[]> archives)
    {
        public const int Count = 4;

        public IReadOnlyList<byte[]> Archives => archives;

        public string NameOf(int image) => $"{registry.Address}/sample:v{image}";

        public string Address => registry.Address;

        public static async Task<RemoteImages> MakeAsync(ReferenceRegistry registry)
        {
            using var content = new RegistryContent(registry.Url);
            var shared = Tar("shared", 300_000);
            await using var store = await Images.Transfers.ScratchStore.OpenAsync();
            var archives = new List<byte[]>();
            for (var i = 0; i < Count; i++)
            {
                await content.PutImageAsync($"v{i}", Platform.Host, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, shared, Tar($"own{i}", 200_000));
                await store.MakeAsync($"archive{i}:v1", shared, Tar($"archived{i}", 200_000));
                using var archive = new MemoryStream();
                await store.Images.SaveAsync([$"archive{i}:v1"], archive);
                archives.Add(archive.ToArray());
            }
            return new RemoteImages(registry, archives);
        }

        private static byte[] Tar(string name, int bytes)
        {
            var tar = new TarBytes().Directory(name);
            for (var i = 0; i < 20; i++) tar.File($"{name}/{i}", Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes / 27)));
            return tar.End();
        }
    }

    /// <summary>What callers were told, by the names of images.</summary>
    private sealed class Expected
    {
        private readonly Dictionary<string, string> _there = [];
        private readonly HashSet<string> _undecided = [];

        public ConcurrentDictionary<string, int> Answered { get; } = [];

        /// <summary>From here on requests may fail.</summary>
        public volatile bool DiskIsGone;

        /// <summary>Until it has an answer, both outcomes are right.</summary>
        public void Begin(string name)
        {
            lock (_there) _undecided.Add(name);
        }

        public void End(string kind, string name, string? id)
        {
            lock (_there)
            {
                // Where the power is gone nobody answers: what is still said then is no promise.
                if (DiskIsGone) return;
                Answered[kind] = Answered.GetValueOrDefault(kind) + 1;
                _undecided.Remove(name);
                if (id is not null) _there[name] = id;
                else _there.Remove(name);
            }
        }

        public async Task CheckAsync(EngineApi engine, int cut)
        {
            Assert.Equal("", await engine.CallAsync(HttpMethod.Post, "/yun/v1/system/verify"));
            var seen = await engine.NamesAsync();
            foreach (var (name, id) in _there.Where(one => !_undecided.Contains(one.Key)))
                Assert.True(seen.GetValueOrDefault(name) == id, $"after cut {cut}: {name} is {seen.GetValueOrDefault(name, "not there")}, where {id} was answered");
            foreach (var name in seen.Keys.Where(name => !_there.ContainsKey(name) && !_undecided.Contains(name))) Assert.Fail($"after cut {cut}: {name} is there, whose removal was answered");
            // What was being done when the disk went is now as it is.
            foreach (var name in _undecided)
            {
                if (seen.TryGetValue(name, out var id)) _there[name] = id;
                else _there.Remove(name);
            }
            _undecided.Clear();
            DiskIsGone = false;
        }
    }

    /// <summary>Two workers that do one thing after the other until the disk is gone; no two touch one name.</summary>
    private sealed class StoreWork(EngineApi engine, RemoteImages remote, Expected expected, int cut, CancellationToken stop)
    {
        public static readonly string[] Kinds = ["pull", "load", "build", "push", "delete", "collect"];

        public Task Run() => Task.WhenAll(UntilItIsGoneAsync(0), UntilItIsGoneAsync(1));

        private async Task UntilItIsGoneAsync(int worker)
        {
            try
            {
                for (var round = RandomNumberGenerator.GetInt32(Kinds.Length); !stop.IsCancellationRequested; round++)
                {
                    var image = (2 * RandomNumberGenerator.GetInt32(RemoteImages.Count / 2)) + worker;
                    await DoAsync(Kinds[round % Kinds.Length], image, $"built{worker}:v{RandomNumberGenerator.GetInt32(2)}");
                }
            }
            // The disk is gone: from here on the daemon refuses or does not answer.
            catch (Exception gone) when (expected.DiskIsGone && gone is HttpRequestException or IOException or OperationCanceledException or SocketException) { }
        }

        private async Task DoAsync(string kind, int image, string built)
        {
            var (pulled, loaded) = (remote.NameOf(image), $"archive{image}:v1");
            switch (kind)
            {
                case "pull":
                    await EndAsync(pulled, () => PostAsync($"/images/create?fromImage={pulled}"));
                    break;
                case "load":
                    await EndAsync(loaded, () => PostAsync("/images/load?quiet=1", remote.Archives[image]));
                    break;
                case "build":
                    await EndAsync(built, () => PostAsync($"/build?t={built}", Context($"{cut} {Guid.NewGuid()}")));
                    break;
                case "push":
                    var names = await engine.NamesAsync();
                    if (!names.ContainsKey(built)) return;
                    var repository = $"{remote.Address}/pushed/{built.Split(':')[0]}";
                    await EndAsync($"{repository}:v1", async () =>
                    {
                        await PostAsync($"/images/{built}/tag?repo={repository}&tag=v1");
                        await PostAsync($"/images/{repository}/push?tag=v1");
                    });
                    break;
                case "delete":
                    var there = await engine.NamesAsync();
                    foreach (var name in new[] { pulled, loaded, built }.Where(there.ContainsKey))
                    {
                        expected.Begin(name);
                        await engine.CallAsync(HttpMethod.Delete, $"/images/{name}?force=1", cancel: stop);
                        expected.End(kind, name, null);
                    }
                    break;
                default:
                    await PostAsync("/build/prune");
                    await PostAsync("/images/prune");
                    expected.End(kind, "", null);
                    break;
            }

            async Task EndAsync(string name, Func<Task> work)
            {
                expected.Begin(name);
                await work();
                // Asked for after the answer, and for this name only: nobody else changes it.
                var id = (await engine.NamesAsync()).GetValueOrDefault(name);
                Assert.NotNull(id);
                expected.End(kind, name, id);
            }
        }

        private Task<string> PostAsync(string path, byte[]? body = null) => engine.CallAsync(HttpMethod.Post, path, body ?? [], stop);

        private static byte[] Context(string content)
        {
            using var tar = new MemoryStream();
            using (var writer = new TarWriter(tar, leaveOpen: true))
            {
                foreach (var (name, text) in new[] { ("Dockerfile", "FROM scratch AS one\nCOPY a.txt /one/\nFROM scratch\nCOPY --from=one /one /two\nCOPY a.txt b.txt /\nLABEL a=b\n"), ("a.txt", content), ("b.txt", new string('b', 100_000)) })
                    writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
            return tar.ToArray();
        }
    }
}
