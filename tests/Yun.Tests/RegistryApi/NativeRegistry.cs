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
    private readonly int _port = ReferenceRegistry.FreePort();
    private Process _process = null!;

    private NativeRegistry(string[] flags) => _flags = flags;

    public ScratchFolder Folder { get; } = new();
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
    public static NativeRegistry New(params string[] flags)
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        return new NativeRegistry(flags);
    }

    public Task StartAsync() => StartAsync([]);

    /// <summary>kill -9, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        (await new Command("kill", "-TERM", $"{_process.Id}").RunAsync()).Succeeded();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, _process.ExitCode);
        _process.Dispose();
        Folder.Dispose();
    }

    private async Task StartAsync(string[] more)
    {
        _process = new Command(TestTools.Yun, ["registry", "serve", "--data-root", Folder["data"], "--listen", Address, .. more, .. _flags]).Start();
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
