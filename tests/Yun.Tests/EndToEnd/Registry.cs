using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Yun.Tests.EndToEnd;

/// <summary>The reference registry (docker-registry) on a free port of loopback, for one test.</summary>
public sealed class Registry : IAsyncDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly Process _process;

    private Registry(bool withAccounts)
    {
        Port = FreePort();
        File.WriteAllText(_folder["config.yml"], $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: {{_folder["blobs"]}} }, delete: { enabled: true } }
            http: { addr: "127.0.0.1:{{Port}}" }
            {{(withAccounts ? $"auth: {{ htpasswd: {{ realm: test, path: {_folder["htpasswd"]} }} }}" : "")}}
            """);
        File.WriteAllText(_folder["htpasswd"], PasswordLine + "\n");
        _process = new Command(TestTools.Registry, "serve", _folder["config.yml"]).Start();
    }

    public int Port { get; }
    public string Address => $"127.0.0.1:{Port}";
    public string Blobs => _folder["blobs"];

    public const string User = "sailor";
    public const string Password = "ahoy";

    /// <summary>What htpasswd -B makes of <see cref="User"/> and <see cref="Password"/>: the registry takes bcrypt only.</summary>
    private const string PasswordLine = "sailor:$2y$05$P4sK9sZjDVht3HdfVLamfuIlCquZp65QCKmer3hrTCXgDF9ORMcz6";

    public static async Task<Registry> StartAsync(bool withAccounts = false)
    {
        var registry = new Registry(withAccounts);
        using var http = new HttpClient();
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                using var answer = await http.GetAsync($"http://{registry.Address}/v2/");
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return registry;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
