using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Xunit.Sdk;

namespace Yun.Tests.EndToEnd;

/// <summary>The native daemon on a scratch folder and its own socket. Disposing it stops it and fails when anything is left of it on the machine.</summary>
public sealed class Daemon : IAsyncDisposable
{
    private readonly string[] _flags;
    private Process? _process;
    private bool _ownDisk;
    private string? _namespaces;
    private CutDisk? _disk;
    private Faults? _faults;
    private bool _hasParent;
    private IReadOnlyDictionary<string, string> _environment = new Dictionary<string, string>();

    private Daemon(string folder, string[] flags)
    {
        Folder = folder;
        _flags = flags;
        var configuration = Directory.CreateDirectory(Path.Combine(folder, "client")).FullName;
        Docker = new Client(TestTools.Docker, Socket, configuration);
        Yun = new Client(TestTools.Yun, Socket, configuration);
    }

    public string Folder { get; }
    public string DataRoot => Path.Combine(Folder, "root");
    public string ExecRoot => Path.Combine(Folder, "run");
    public string Socket => Path.Combine(Folder, "yun.sock");
    public string LogPath => Path.Combine(Folder, "daemon.log");
    public int Pid => !_hasParent ? _process!.Id : int.Parse(File.ReadAllText($"/proc/{_process!.Id}/task/{_process.Id}/children"));

    /// <summary>What the daemon's cgroups, interfaces and tables are named by.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(DataRoot)))[..8];

    public Client Docker { get; }
    public Client Yun { get; }

    /// <summary>The client that a theory names.</summary>
    public Client this[string client] => client == "yun" ? Yun : Docker;

    /// <summary>Starts a daemon that has no images.</summary>
    public static async Task<Daemon> StartAsync(params string[] flags)
    {
        var daemon = New(flags);
        await daemon.StartAgainAsync();
        return daemon;
    }

    /// <summary>Starts a daemon that finds these variables in its environment.</summary>
    public static async Task<Daemon> StartWithEnvironmentAsync(IReadOnlyDictionary<string, string> environment)
    {
        var daemon = New([]);
        daemon._environment = environment;
        await daemon.StartAgainAsync();
        return daemon;
    }

    /// <summary>Starts a daemon whose data root is a file system of its own, soon full.</summary>
    public static async Task<Daemon> StartOnSmallDiskAsync(int megabytes)
    {
        var daemon = New([]);
        daemon._ownDisk = true;
        Directory.CreateDirectory(daemon.DataRoot);
        (await new Command("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", daemon.DataRoot).RunAsync()).Succeeded();
        await daemon.StartAgainAsync();
        return daemon;
    }

    /// <summary>Makes a daemon, not started yet, whose data root is that disk. It is mounted for it alone, in namespaces that end with the daemon, and so does its keeper.</summary>
    internal static Daemon OnDisk(CutDisk disk, params string[] flags)
    {
        var daemon = New(flags);
        daemon._disk = disk;
        Directory.CreateDirectory(daemon.DataRoot);
        return daemon;
    }

    /// <summary>Ends the daemon if it runs and starts it again with its system calls watched, until <see cref="Faults"/> is disposed.</summary>
    internal async Task StartAgainWithAsync(Faults faults)
    {
        if (!_process!.HasExited) await StopAsync();
        _faults = faults;
        await StartAgainAsync();
    }

    /// <summary>Whether it runs no more: it may have been killed by a fault.</summary>
    public bool HasEnded => _process!.HasExited;

    /// <summary>Stops the disk under the daemon, as a power cut does, and then the daemon.</summary>
    public async Task CutAsync()
    {
        _disk!.Cut($"/proc/{Pid}/root{DataRoot}");
        await KillAsync();
        File.Delete(Socket);
        await _disk.GoneAsync();
    }

    /// <summary>Starts a daemon, with the image <c>busybox</c>, whose machine has the network of this namespace's file.</summary>
    public static Task<Daemon> StartInNetworkAsync(string network) => StartInNamespacesAsync($"--net={network}");

    /// <summary>Starts a daemon, with the image <c>busybox</c>, in the namespaces that nsenter(1) is told.</summary>
    public static async Task<Daemon> StartInNamespacesAsync(string namespaces, params string[] flags)
    {
        var daemon = New(flags);
        daemon._namespaces = namespaces;
        await daemon.StartAgainAsync();
        (await daemon.Docker.RunAsync("import", "-c", "CMD [\"sh\"]", TestTools.BusyboxRoot, "busybox:latest")).Succeeded();
        return daemon;
    }

    private static Daemon New(string[] flags)
    {
        if (Environment.UserName != "root")
            Assert.Skip("A daemon needs root.");
        if (!File.Exists(TestTools.Yun) || !File.Exists(TestTools.Runtime))
            Assert.Skip("The native programs are not built; run make.");
        return new Daemon(Directory.CreateTempSubdirectory("yun-test.").FullName, flags);
    }

    /// <summary>Starts a daemon with the image <c>busybox</c>.</summary>
    public static async Task<Daemon> StartWithBusyboxAsync(params string[] flags)
    {
        var daemon = await StartAsync(flags);
        (await daemon.Docker.RunAsync("import", "-c", "CMD [\"sh\"]", TestTools.BusyboxRoot, "busybox:latest")).Succeeded();
        return daemon;
    }

    /// <summary>Starts the daemon on what it left: after <see cref="KillAsync"/> or <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        // A shell in between, so that what outlives the daemon holds a file and not one of our pipes.
        var words = new[] { TestTools.Yun, "daemon", "--data-root", DataRoot, "--exec-root", ExecRoot, "--pidfile", Path.Combine(Folder, "yun.pid"), "--host", $"unix://{Socket}" };
        if (_namespaces is not null)
            words = ["nsenter", _namespaces, .. words];
        if (_disk is not null)
            words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "sh", "-c", $"mount -o loop {_disk.Path} {DataRoot} && exec \"$@\"", "sh", .. words];
        if (_faults is { IsDisposed: false })
            words = [.. _faults.CommandLine, .. words];
        else
            _faults = null;
        _hasParent = _disk is not null || _faults is not null;
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", LogPath, .. words, .. _flags]);
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        var waiting = Stopwatch.StartNew();
        while (!File.Exists(Socket) || (await Docker.RunAsync("version")).ExitCode != 0)
        {
            if (_process.HasExited || waiting.Elapsed > TimeSpan.FromSeconds(60))
                throw new XunitException($"The daemon did not come up.\n{Log}");
            await Task.Delay(50);
        }
    }

    public string Log => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";

    /// <summary>kill -9, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM. Returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        (await new Command("kill", "-TERM", $"{Pid}").RunAsync()).Succeeded();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await _process!.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new XunitException($"The daemon did not stop.\n{Log}");
        }
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        var machine = new Leftovers(this);
        try
        {
            if (_process!.HasExited)
                await StartAgainAsync();
            var containers = (await Docker.RunAsync("ps", "-aq")).Lines;
            if (containers.Length > 0)
                (await Docker.RunAsync(["rm", "-fv", .. containers])).Succeeded();
            var machines = (await Yun.RunAsync("machine", "ls", "-aq", "--no-trunc")).Lines;
            if (machines.Length > 0)
                (await Yun.RunAsync(["machine", "rm", "-f", .. machines])).Succeeded();
            if (await StopAsync() is var code and not 0)
                throw new XunitException($"The daemon ended with {code}.\n{Log}");
            if (_ownDisk)
                (await new Command("umount", DataRoot).RunAsync()).Succeeded();
            // The keeper ends by itself once the daemon has told it to, and the kernel takes a moment to let its things go.
            var left = machine.Find();
            for (var tries = 0; left.Count > 0 && tries < 100; tries++)
            {
                await Task.Delay(100);
                left = machine.Find();
            }
            if (left.Count > 0)
                throw new XunitException($"Left behind by the daemon:\n{string.Join('\n', left)}\n{Log}");
        }
        finally
        {
            machine.Remove();
            _process?.Dispose();
        }
    }
}
