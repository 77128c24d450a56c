using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.RegistryApi;

/// <summary>The native <c>yun registry serve</c>, on a free port of loopback.</summary>
public sealed class NativeRegistry : IAsyncDisposable
{
    private readonly string[] _flags;
    private readonly int _port = LoopbackPort.Free();
    private Process? _process;

    private NativeRegistry(string[] flags) => _flags = flags;

    public ScratchFolder Folder { get; } = new();

    /// <summary>A file with a file system that is the registry's data root, mounted for it alone: gone with the registry, and with no namespace of another test that could hold it.</summary>
    public string? Disk { get; private init; }

    /// <summary>The data root as the running registry sees it.</summary>
    public string Data => $"/proc/{_process!.Id}/root{Folder["data"]}";

    public string Address => $"127.0.0.1:{_port}";

    /// <param name="accounts">Whether it wants <see cref="ReferenceRegistry.User"/> and the password.</param>
    /// <param name="flags">Of <c>yun registry serve</c>.</param>
    public static async Task<NativeRegistry> StartAsync(bool accounts = false, params string[] flags)
    {
        var registry = New(flags);
        registry.Folder.Write("htpasswd", ReferenceRegistry.PasswordLine + "\n");
        await registry.StartAsync(accounts ? ["--htpasswd", registry.Folder["htpasswd"], "--tokens"] : []);
        return registry;
    }

    /// <summary>A registry that has not been started yet.</summary>
    public static NativeRegistry New(string[] flags, string? disk = null)
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        return new NativeRegistry(flags) { Disk = disk };
    }

    public Task StartAsync() => StartAsync([]);

    /// <summary>kill -9, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
        if (Disk is not null) await Eventually.HoldsAsync(async () => (await new Command("losetup", "-j", Disk).RunAsync()).Succeeded().Text.Length == 0);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_process is null) return;
            (await new Command("kill", "-TERM", $"{_process.Id}").RunAsync()).Succeeded();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _process.WaitForExitAsync(deadline.Token);
            Assert.Equal(0, _process.ExitCode);
            _process.Dispose();
        }
        finally
        {
            Folder.Dispose();
        }
    }

    private async Task StartAsync(string[] more)
    {
        string[] serve = [TestTools.Yun, "registry", "serve", "--data-root", Folder["data"], "--listen", Address, .. more, .. _flags];
        _process = Disk is null ? new Command(serve[0], serve[1..]).Start()
            : new Command("unshare", ["--mount", "--propagation", "private", "sh", "-c", $"mkdir -p {Folder["data"]} && mount -o loop {Disk} {Folder["data"]} && exec \"$@\"", "sh", .. serve]).Start();
        await Eventually.HoldsAsync(async () =>
        {
            if (_process.HasExited) Assert.Fail($"yun registry serve ended: {await _process.StandardError.ReadToEndAsync()}");
            using var probe = new TcpClient();
            try { await probe.ConnectAsync(IPAddress.Loopback, _port); }
            catch (SocketException) { return false; }
            return true;
        });
    }
}
