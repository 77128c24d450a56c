using System.Collections.Concurrent;
using System.Diagnostics;
using Yun.Linux;
using Yun.Node.Keeper;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime;

namespace Yun.Tests.Node.Keeper;

/// <summary>The native keeper on a scratch folder, with a root file system that its containers share. Disposing it leaves nothing.</summary>
internal sealed class RunningKeeper : IAsyncDisposable
{
    private readonly BusyboxBundle _bundle = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<KeeperExit>> _exits = new();
    private readonly List<string> _ids = [];
    private int _upgrades;
    private readonly string _cgroup = "/yun-test-keeper-" + Guid.NewGuid().ToString("N")[..8];

    private RunningKeeper() => Options = new KeeperOptions(TestTools.Runtime, Path.Combine(Folder, "keeper.sock"), Folder);

    public KeeperOptions Options { get; private set; }
    public KeeperClient Client { get; private set; } = null!;
    public string Folder => _bundle.Folder;
    public string Root => _bundle.Root;
    public string Journal => File.ReadAllText(Path.Combine(Folder, "keeper.log"));

    public static async Task<RunningKeeper> StartAsync()
    {
        if (!File.Exists(TestTools.Runtime)) Assert.Skip($"{TestTools.Runtime} is not built; `make` builds it.");
        if (Environment.UserName != "root") Assert.Skip("Starting containers needs root.");
        var keeper = new RunningKeeper();
        await keeper.ConnectAsync();
        return keeper;
    }

    /// <summary>Connects anew, as a daemon does that was started again.</summary>
    public async Task ConnectAsync()
    {
        Client = await KeeperClient.ConnectOrStartAsync(Options);
        Client.Exited += exit => Exit(exit.ProcessId).TrySetResult(exit);
    }

    /// <summary>Connects as the daemon of another version does, which has this program or one that differs from the keeper's.</summary>
    public async Task UpgradeAsync(string? program = null)
    {
        if (program is null)
        {
            program = Path.Combine(Folder, $"runtime-{++_upgrades}");
            File.Copy(TestTools.Runtime, program);
            // What follows the last section of a program is not read.
            await File.AppendAllTextAsync(program, $"{_upgrades}");
        }
        await Client.DisposeAsync();
        ForgetExits();
        Options = Options with { RuntimePath = program };
        await ConnectAsync();
    }

    /// <summary>The end of a process, when it comes.</summary>
    public async Task<KeeperExit> ExitedAsync(string processId) => await Exit(processId).Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void ForgetExits() => _exits.Clear();

    public string LogPath(string id) => Path.Combine(Folder, id + "-json.log");
    public string ExitPath(string id) => Path.Combine(Folder, id + "-exit.json");

    /// <summary>A container that would run the words, with a log and an exit record.</summary>
    public KeptStart Container(params string[] words)
    {
        var id = Guid.NewGuid().ToString("N");
        _ids.Add(id);
        return new KeptStart(id, id, Spec(id, words)) { Log = new KeeperLog { Path = LogPath(id) }, ExitPath = ExitPath(id) };
    }

    /// <summary>One more process in a running container.</summary>
    public KeptStart Exec(string containerId, params string[] words) =>
        new(Guid.NewGuid().ToString("N"), containerId, Spec(containerId, words)) { Exec = true, StdinOnce = true };

    public Task<KeptProcess> RunAsync(KeptStart start) => Client.StartAsync(start, rootfs: null, netns: null);

    /// <summary>Runs it to its end.</summary>
    public async Task<KeeperExit> RunToEndAsync(KeptStart start)
    {
        await RunAsync(start);
        return await ExitedAsync(start.ProcessId);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            try { Process.GetProcessById(Client.Pid).Kill(); }
            catch (ArgumentException) { } // The test has killed it.
            await Client.DisposeAsync();
            await Eventually.HoldsAsync(() => Task.FromResult(!File.Exists($"/proc/{Client.Pid}/status")));
            foreach (var id in _ids) RemoveCgroup(_cgroup + "/" + id);
            RemoveCgroup(_cgroup);
        }
        finally
        {
            _bundle.Dispose();
        }
    }

    private TaskCompletionSource<KeeperExit> Exit(string processId) => _exits.GetOrAdd(processId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private RuntimeSpec Spec(string id, string[] words)
    {
        var spec = _bundle.Spec(words);
        (spec.Root!.Path, spec.Root.Readonly) = (Root, false);
        spec.Linux!.CgroupsPath = _cgroup + "/" + id;
        return spec;
    }

    private static void RemoveCgroup(string path)
    {
        var cgroup = Yun.Linux.Cgroups.Cgroup.At(path);
        for (var tries = 0; !cgroup.TryRemove() && tries < 1000; tries++)
        {
            cgroup.Kill();
            Thread.Sleep(5);
        }
    }
}
