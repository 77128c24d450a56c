namespace Yun.Tests.EndToEnd;

/// <summary>What the tests work with besides Yun: made by the project's scripts, from the distribution's packages.</summary>
internal static class TestTools
{
    public static string Yun { get; } = Path.Combine(Repository.Programs, "yun");
    public static string Runtime { get; } = Path.Combine(Repository.Programs, "yun-runtime");
    public static string Docker => s_docker.Value;
    public static string Registry => s_registry.Value;
    public static string Nft => s_nft.Value;

    /// <summary>A tar archive of a root file system with busybox and nothing else.</summary>
    public static string BusyboxRoot => s_busybox.Value;

    /// <summary>The same of the distribution's minimal system with PostgreSQL, Redis, nginx, RabbitMQ and python3.</summary>
    public static string ServicesRoot => s_services.Value;

    /// <summary>A tar archive of the distribution's minimal root file system with python3.</summary>
    public static string DebianRoot => s_debian.Value;

    /// <summary>A criu that works on this kernel; where there is none, the test is skipped with the reason.</summary>
    public static string Criu
    {
        get
        {
            if (s_criu.Value.ExitCode != 0) Assert.Skip(s_criu.Value.Error.Trim());
            return s_criu.Value.Text;
        }
    }

    private static readonly Lazy<CommandResult> s_criu = new(() => new Command(Path.Combine(Repository.Root, "scripts", "criu")).RunAsync().GetAwaiter().GetResult());
    private static readonly Lazy<string> s_docker = new(() => Made("YUN_TEST_DOCKER", "docker-client"));
    private static readonly Lazy<string> s_registry = new(() => Made("YUN_TEST_REGISTRY", "unpacked", "docker-registry") is var made && File.Exists(made) ? made : $"{made}/usr/bin/docker-registry");
    private static readonly Lazy<string> s_nft = new(() => Made("YUN_TEST_NFT", "unpacked", "nftables") is var made && File.Exists(made) ? made : $"{made}/usr/sbin/nft");
    private static readonly Lazy<string> s_services = new(() => Made("YUN_TEST_SERVICES", "roots", "services"));
    private static readonly Lazy<string> s_busybox = new(() => Made("YUN_TEST_BUSYBOX", "roots", "busybox"));
    private static readonly Lazy<string> s_debian = new(() => Made("YUN_TEST_DEBIAN", "roots", "debian"));

    /// <summary>From the environment, where `scripts/test` puts it, or from the script itself when a test is run by hand.</summary>
    private static string Made(string variable, string script, params string[] arguments) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? given
        : new Command(Path.Combine(Repository.Root, "scripts", script), arguments).RunAsync().GetAwaiter().GetResult().Succeeded().Text;
}
