using System.Runtime.InteropServices;
using Yun.DockerApi.Model;
using Yun.Linux;
using Yun.Node;
using Yun.Node.Containers;

namespace Yun.DockerApi;

/// <summary>What <c>docker version</c> and <c>docker info</c> say of this engine and its machine.</summary>
internal static class MachineInfo
{
    private static string EngineVersion { get; } = typeof(MachineInfo).Assembly.GetName().Version!.ToString(3);

    private static string KernelVersion { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    // A build that is the same to the last bit knows no time; when the program was put here is as near as one comes.
    private static string BuildTime { get; } = File.GetLastWriteTimeUtc(Environment.ProcessPath!).ToString("yyyy-MM-ddTHH:mm:ss.fffffff00+00:00", System.Globalization.CultureInfo.InvariantCulture);

    // Go's names, which clients compare with those in images.
    private static string GoArchitecture => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64";

    public static VersionResponse Version() => new()
    {
        Platform = new VersionPlatform { Name = "Yun" },
        Version = EngineVersion,
        ApiVersion = ApiVersion.Newest.ToString(),
        MinApiVersion = ApiVersion.Oldest.ToString(),
        GoVersion = $"none (.NET {Environment.Version})",
        Os = "linux",
        Arch = GoArchitecture,
        KernelVersion = KernelVersion,
        BuildTime = BuildTime,
        Components =
        [
            new ComponentVersion
            {
                Name = "Engine",
                Version = EngineVersion,
                Details = new Dictionary<string, string>
                {
                    ["ApiVersion"] = ApiVersion.Newest.ToString(),
                    ["Arch"] = GoArchitecture,
                    ["BuildTime"] = BuildTime,
                    ["KernelVersion"] = KernelVersion,
                    ["MinAPIVersion"] = ApiVersion.Oldest.ToString(),
                    ["Os"] = "linux",
                },
            },
        ],
    };

    public static InfoResponse Info(Engine engine)
    {
        var containers = engine.Containers.List();
        var unified = File.Exists("/sys/fs/cgroup/cgroup.controllers");
        return new InfoResponse
        {
            Id = engine.Id,
            Containers = containers.Count,
            ContainersRunning = containers.Count(c => c.State.Status is ContainerStatus.Running or ContainerStatus.Restarting),
            ContainersPaused = containers.Count(c => c.State.Status == ContainerStatus.Paused),
            ContainersStopped = containers.Count(c => c.State.Status is not (ContainerStatus.Running or ContainerStatus.Restarting or ContainerStatus.Paused)),
            Images = engine.Images.List().Count,
            Driver = "overlay2",
            DriverStatus = [["Backing Filesystem", FileSystemOf(engine.Options.DataRoot)], ["Supports d_type", "true"], ["Native Overlay Diff", "true"], ["userxattr", "false"]],
            Plugins = new InfoPlugins { Volume = ["local"], Network = ["bridge", "host", "null"], Log = [.. ContainerPolicy.LogDrivers] },
            MemoryLimit = true, SwapLimit = HasSwapLimit(unified), CpuCfsPeriod = true, CpuCfsQuota = true, CpuShares = true, CpuSet = true, PidsLimit = true,
            Ipv4Forwarding = File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim() == "1",
            OomKillDisable = !unified,
            NFd = Directory.GetFiles("/proc/self/fd").Length,
            SystemTime = engine.Time.GetUtcNow(),
            LoggingDriver = engine.Options.Containers.Log.Type,
            CgroupDriver = "cgroupfs",
            CgroupVersion = unified ? "2" : "1",
            NEventsListener = engine.Events.ReaderCount,
            KernelVersion = KernelVersion,
            OperatingSystem = OsRelease("PRETTY_NAME") ?? "Linux",
            OsVersion = OsRelease("VERSION_ID") ?? "",
            Architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64",
            NCpu = Environment.ProcessorCount,
            MemTotal = MemoryInfo.Read().Bytes("MemTotal") ?? 0,
            DockerRootDir = engine.Options.DataRoot,
            HttpProxy = Environment.GetEnvironmentVariable("HTTP_PROXY") ?? "",
            HttpsProxy = Environment.GetEnvironmentVariable("HTTPS_PROXY") ?? "",
            NoProxy = Environment.GetEnvironmentVariable("NO_PROXY") ?? "",
            Name = Environment.MachineName,
            Labels = [.. engine.Labels],
            ServerVersion = EngineVersion,
            Runtimes = new Dictionary<string, RuntimeInfo> { ["yun"] = new() { Path = engine.Options.RuntimePath }, [ContainerDefaults.MachineRuntime] = new() { Path = engine.Options.RuntimePath } },
            DefaultRuntime = "yun",
            LiveRestoreEnabled = true,
            InitBinary = engine.Options.InitPath ?? "tini",
            SecurityOptions = ["name=seccomp,profile=builtin", .. unified ? ["name=cgroupns"] : Array.Empty<string>(), .. engine.Options.Containers.UserRemap is null ? Array.Empty<string>() : ["name=userns"], $"name=profile,default={engine.Options.Containers.Profile}"],
            CdiSpecDirs = [.. engine.Options.Containers.CdiDirectories],
            Warnings = [],
        };
    }

    private static bool HasSwapLimit(bool unified) => unified || File.Exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes");

    private static string? OsRelease(string key)
    {
        const string path = "/etc/os-release";
        if (!File.Exists(path)) return null;
        foreach (var line in File.ReadLines(path))
            if (line.StartsWith(key + "=", StringComparison.Ordinal)) return line[(key.Length + 1)..].Trim('"', '\'');
        return null;
    }

    internal static string FileSystemOf(string path)
    {
        // DriveInfo takes any path of a mounted file system.
        try { return new DriveInfo(path).DriveFormat; }
        catch (Exception error) when (error is IOException or ArgumentException) { return "unknown"; }
    }
}
