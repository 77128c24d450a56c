using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary>The options that <c>run</c> and <c>create</c> have in common; <see cref="ToRequest"/> turns them into what the API is asked for.</summary>
public abstract partial class ContainerOptions(string arguments) : Command(arguments)
{
    private ListOption<string> _addHost = null!, _attach = null!, _capAdd = null!, _capDrop = null!, _device = null!, _deviceCgroupRule = null!, _dns = null!, _dnsOption = null!,
        _dnsSearch = null!, _env = null!, _envFile = null!, _expose = null!, _groupAdd = null!, _label = null!, _labelFile = null!, _link = null!, _linkLocalIp = null!, _logOpt = null!,
        _networkAlias = null!, _publish = null!, _securityOpt = null!, _storageOpt = null!, _tmpfs = null!, _volume = null!, _volumesFrom = null!;
    private ListOption<KeyValuePair<string, string>> _annotation = null!, _sysctl = null!;
    private ListOption<BlkioWeightDevice> _blkioWeightDevice = null!;
    private ListOption<BlkioRateDevice> _readBps = null!, _readIops = null!, _writeBps = null!, _writeIops = null!;
    private ListOption<MountPoint> _mount = null!;
    private ListOption<NetworkArgument> _network = null!;
    private ListOption<DeviceRequest> _gpus = null!;
    private ListOption<Ulimit> _ulimit = null!;
    private Setting<string?> _cgroupParent = null!, _cgroupns = null!, _cidFile = null!, _cpusetCpus = null!, _cpusetMems = null!, _domainName = null!, _entrypoint = null!, _healthCommand = null!,
        _hostname = null!, _ip = null!, _ip6 = null!, _ipc = null!, _isolation = null!, _logDriver = null!, _macAddress = null!, _name = null!, _pid = null!, _platform = null!, _runtime = null!,
        _stopSignal = null!, _user = null!, _userns = null!, _uts = null!, _volumeDriver = null!, _workDirectory = null!;
    private Setting<string> _pull = null!, _restart = null!;
    private Setting<long?> _blkioWeight = null!, _cpuPeriod = null!, _cpuQuota = null!, _cpuRtPeriod = null!, _cpuRtRuntime = null!, _cpuShares = null!, _healthRetries = null!, _memorySwappiness = null!,
        _oomScoreAdj = null!, _pidsLimit = null!, _stopTimeout = null!, _kernelMemory = null!, _memory = null!, _memoryReservation = null!, _memorySwap = null!, _shmSize = null!,
        _healthInterval = null!, _healthStartInterval = null!, _healthStartPeriod = null!, _healthTimeout = null!, _cpus = null!;
    private Flag _init = null!, _interactive = null!, _noHealthcheck = null!, _oomKillDisable = null!, _privileged = null!, _publishAll = null!, _quiet = null!, _readOnly = null!, _remove = null!, _tty = null!, _vm = null!;

    protected bool Interactive => _interactive;
    protected bool Tty => _tty;
    protected bool RemovesItself => _remove;
    protected IReadOnlyList<string> Attached => _attach.Values;
    protected string? Name => _name.Value;
    protected string? ContainerIdFile => _cidFile.Value;
    protected string? Platform => _platform.Value ?? Environment.GetEnvironmentVariable("DOCKER_DEFAULT_PLATFORM");
    protected string PullPolicy => _pull.Value;
    protected bool PullsQuietly => _quiet;

    /// <summary>Called by the constructors; in pieces, since there are a hundred.</summary>
    protected void DeclareOptions()
    {
        ArgumentsMin = 1;
        StopsAtFirstArgument = true;
        DeclareIdentity();
        DeclareProcess();
        DeclareResources();
        DeclareStorage();
        DeclareNetwork();
        DeclareIsolation();
        DeclareHealth();
    }

    private void DeclareIdentity()
    {
        _annotation = AddMap("annotation", null, "Add an annotation to the container (passed through to the OCI runtime)");
        _cidFile = AddText("cidfile", null, "Write the container ID to the file");
        Add(new Flag("disable-content-trust", null, "Skip image verification", value: true) { DefaultText = "true" });
        _label = AddList("label", 'l', "Set meta data on a container");
        _labelFile = AddList("label-file", null, "Read in a line delimited file of labels");
        _logDriver = AddText("log-driver", null, "Logging driver for the container");
        _logOpt = AddList("log-opt", null, "Log driver options");
        _name = AddText("name", null, "Assign a name to the container");
        _platform = AddText("platform", null, "Set platform if server is multi-platform capable");
        _pull = AddText("pull", null, "Pull image before running (\"always\", \"missing\", \"never\")", "missing", "string");
        _quiet = AddFlag("quiet", 'q', "Suppress the pull output");
        _remove = AddFlag("rm", null, "Automatically remove the container and its associated anonymous volumes when it exits");
        _restart = AddText("restart", null, "Restart policy to apply when a container exits", "no", "string");
        _runtime = AddText("runtime", null, "Runtime to use for this container");
        _vm = AddFlag("vm", null, "Run the image in a virtual machine, as --runtime vm does");
        _isolation = AddText("isolation", null, "Container isolation technology");
    }

    private void DeclareProcess()
    {
        _attach = AddList("attach", 'a', "Attach to STDIN, STDOUT or STDERR", CheckStream);
        _entrypoint = AddText("entrypoint", null, "Overwrite the default ENTRYPOINT of the image");
        _env = AddList("env", 'e', "Set environment variables");
        _envFile = AddList("env-file", null, "Read in a file of environment variables");
        _groupAdd = AddList("group-add", null, "Add additional groups to join");
        _init = AddFlag("init", null, "Run an init inside the container that forwards signals and reaps processes");
        _interactive = AddFlag("interactive", 'i', "Keep STDIN open even if not attached");
        _stopSignal = AddText("stop-signal", null, "Signal to stop the container");
        _stopTimeout = AddNumber("stop-timeout", null, "Timeout (in seconds) to stop a container");
        _tty = AddFlag("tty", 't', "Allocate a pseudo-TTY");
        _user = AddText("user", 'u', "Username or UID (format: <name|uid>[:<group|gid>])");
        _workDirectory = AddText("workdir", 'w', "Working directory inside the container");
    }

    private void DeclareResources()
    {
        _blkioWeight = AddNumber("blkio-weight", null, "Block IO (relative weight), between 10 and 1000, or 0 to disable", "0", "uint16");
        _blkioWeightDevice = AddEach("blkio-weight-device", "list", "Block IO weight (relative device weight)", DeviceArguments.ParseWeight, "[]");
        _cgroupParent = AddText("cgroup-parent", null, "Optional parent cgroup for the container");
        _cpuPeriod = AddNumber("cpu-period", null, "Limit CPU CFS (Completely Fair Scheduler) period");
        _cpuQuota = AddNumber("cpu-quota", null, "Limit CPU CFS (Completely Fair Scheduler) quota");
        _cpuRtPeriod = AddNumber("cpu-rt-period", null, "Limit CPU real-time period in microseconds");
        _cpuRtRuntime = AddNumber("cpu-rt-runtime", null, "Limit CPU real-time runtime in microseconds");
        _cpuShares = AddNumber("cpu-shares", 'c', "CPU shares (relative weight)");
        _cpus = Add(new Setting<long?>("cpus", null, "decimal", "Number of CPUs", null, text => ResourceArguments.ParseCpus(text)));
        _cpusetCpus = AddText("cpuset-cpus", null, "CPUs in which to allow execution (0-3, 0,1)");
        _cpusetMems = AddText("cpuset-mems", null, "MEMs in which to allow execution (0-3, 0,1)");
        _readBps = AddEach("device-read-bps", "list", "Limit read rate (bytes per second) from a device", DeviceArguments.ParseByteRate, "[]");
        _readIops = AddEach("device-read-iops", "list", "Limit read rate (IO per second) from a device", DeviceArguments.ParseRate, "[]");
        _writeBps = AddEach("device-write-bps", "list", "Limit write rate (bytes per second) to a device", DeviceArguments.ParseByteRate, "[]");
        _writeIops = AddEach("device-write-iops", "list", "Limit write rate (IO per second) to a device", DeviceArguments.ParseRate, "[]");
        _kernelMemory = AddBytes("kernel-memory", null, "Kernel memory limit");
        _memory = AddBytes("memory", 'm', "Memory limit");
        _memoryReservation = AddBytes("memory-reservation", null, "Memory soft limit");
        _memorySwap = Add(ResourceArguments.MemorySwap("Swap limit equal to memory plus swap: '-1' to enable unlimited swap"));
        _memorySwappiness = AddNumber("memory-swappiness", null, "Tune container memory swappiness (0 to 100)", "-1");
        _oomKillDisable = AddFlag("oom-kill-disable", null, "Disable OOM Killer");
        _oomScoreAdj = AddNumber("oom-score-adj", null, "Tune host's OOM preferences (-1000 to 1000)");
        _pidsLimit = AddNumber("pids-limit", null, "Tune container pids limit (set -1 for unlimited)");
        _shmSize = AddBytes("shm-size", null, "Size of /dev/shm");
        _ulimit = AddEach("ulimit", "ulimit", "Ulimit options", ResourceArguments.ParseUlimit, "[]");
    }

    private void DeclareStorage()
    {
        _device = AddList("device", null, "Add a host device to the container");
        _deviceCgroupRule = AddList("device-cgroup-rule", null, "Add a rule to the cgroup allowed devices list");
        _gpus = AddEach("gpus", "gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)", DeviceArguments.ParseGpus);
        _mount = AddEach("mount", "mount", "Attach a filesystem mount to the container", MountArgument.Parse);
        _readOnly = AddFlag("read-only", null, "Mount the container's root filesystem as read only");
        _storageOpt = AddList("storage-opt", null, "Storage driver options for the container");
        _tmpfs = AddList("tmpfs", null, "Mount a tmpfs directory");
        _volume = AddList("volume", 'v', "Bind mount a volume");
        _volumeDriver = AddText("volume-driver", null, "Optional volume driver for the container");
        _volumesFrom = AddList("volumes-from", null, "Mount volumes from the specified container(s)");
    }

    private void DeclareNetwork()
    {
        _addHost = AddList("add-host", null, "Add a custom host-to-IP mapping (host:ip)", NetworkArgument.CheckExtraHost);
        _dns = AddList("dns", null, "Set custom DNS servers", NetworkArgument.CheckAddress);
        _dnsOption = AddList("dns-option", null, "Set DNS options");
        Add(new ListOption<string>("dns-opt", null, "list", "Set DNS options", text => { _dnsOption.Accept(text); return []; }) { Hidden = true });
        _dnsSearch = AddList("dns-search", null, "Set custom DNS search domains");
        _domainName = AddText("domainname", null, "Container NIS domain name");
        _expose = AddList("expose", null, "Expose a port or a range of ports");
        _hostname = AddText("hostname", 'h', "Container host name");
        _ip = AddText("ip", null, "IPv4 address (e.g., 172.30.100.104)");
        _ip6 = AddText("ip6", null, "IPv6 address (e.g., 2001:db8::33)");
        _link = AddList("link", null, "Add link to another container");
        _linkLocalIp = AddList("link-local-ip", null, "Container IPv4/IPv6 link-local addresses", NetworkArgument.CheckAddress);
        _macAddress = AddText("mac-address", null, "Container MAC address (e.g., 92:d0:c6:0a:29:33)");
        _network = AddEach("network", "network", "Connect a container to a network", NetworkArgument.Parse);
        Add(new ListOption<string>("net", null, "network", "Connect a container to a network", text => { _network.Accept(text); return []; }) { Hidden = true });
        _networkAlias = AddList("network-alias", null, "Add network-scoped alias for the container");
        Add(new ListOption<string>("net-alias", null, "list", "Add network-scoped alias", text => { _networkAlias.Accept(text); return []; }) { Hidden = true });
        _publish = AddList("publish", 'p', "Publish a container's port(s) to the host");
        _publishAll = AddFlag("publish-all", 'P', "Publish all exposed ports to random ports");
    }

    private void DeclareIsolation()
    {
        _capAdd = AddList("cap-add", null, "Add Linux capabilities");
        _capDrop = AddList("cap-drop", null, "Drop Linux capabilities");
        _cgroupns = AddText("cgroupns", null, "Cgroup namespace to use (host|private)\n'host':    Run the container in the Docker host's cgroup namespace\n" +
            "'private': Run the container in its own private cgroup namespace\n'':        Use the cgroup namespace as configured by the\n" +
            "           default-cgroupns-mode option on the daemon (default)");
        _ipc = AddText("ipc", null, "IPC mode to use");
        _pid = AddText("pid", null, "PID namespace to use");
        _privileged = AddFlag("privileged", null, "Give extended privileges to this container");
        _securityOpt = AddList("security-opt", null, "Security Options");
        _sysctl = AddMap("sysctl", null, "Sysctl options");
        _userns = AddText("userns", null, "User namespace to use");
        _uts = AddText("uts", null, "UTS namespace to use");
    }

    private void DeclareHealth()
    {
        _healthCommand = AddText("health-cmd", null, "Command to run to check health");
        _healthInterval = AddDuration("health-interval", null, "Time between running the check (ms|s|m|h)");
        _healthRetries = AddNumber("health-retries", null, "Consecutive failures needed to report unhealthy");
        _healthStartInterval = AddDuration("health-start-interval", null, "Time between running the check during the start period (ms|s|m|h)");
        _healthStartPeriod = AddDuration("health-start-period", null, "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)");
        _healthTimeout = AddDuration("health-timeout", null, "Maximum time to allow one check to run (ms|s|m|h)");
        _noHealthcheck = AddFlag("no-healthcheck", null, "Disable any container-specified HEALTHCHECK");
    }

    private ListOption<T> AddEach<T>(string name, string typeName, string summary, Func<string, T> parse, string? defaultText = null) =>
        Add(new ListOption<T>(name, null, typeName, summary, text => [parse(text)]) { DefaultText = defaultText });

    private static string CheckStream(string text) => text.ToLowerInvariant() is "stdin" or "stdout" or "stderr" ? text.ToLowerInvariant()
        : throw new FormatException($"valid streams are STDIN, STDOUT and STDERR");
}
