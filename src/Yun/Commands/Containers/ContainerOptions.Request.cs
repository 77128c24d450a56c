using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;
using Yun.Node.Containers;
using Yun.Oci;

namespace Yun.Commands.Containers;

public abstract partial class ContainerOptions
{
    /// <summary>What the API is asked to create.</summary>
    /// <param name="arguments">The image, and the command with its arguments.</param>
    /// <param name="detached">Nothing will be attached.</param>
    /// <exception cref="FailureException">Options contradict each other or name files that cannot be read.</exception>
    protected ContainerCreateRequest ToRequest(IReadOnlyList<string> arguments, bool detached)
    {
        var (exposed, bindings) = PortArguments.Parse(_publish.Values, _expose.Values);
        var attach = _attach.Values.Count > 0 ? _attach.Values : detached ? [] : Interactive ? ["stdin", "stdout", "stderr"] : ["stdout", "stderr"];
        var request = new ContainerCreateRequest
        {
            Hostname = _hostname.Value,
            Domainname = _domainName.Value,
            User = _user.Value,
            AttachStdin = attach.Contains("stdin"),
            AttachStdout = attach.Contains("stdout"),
            AttachStderr = attach.Contains("stderr"),
            ExposedPorts = exposed.Count > 0 ? exposed.ToDictionary(port => port, _ => new EmptyObject()) : null,
            Tty = Tty,
            OpenStdin = Interactive,
            Env = EnvironmentArguments.Variables(_envFile.Values, _env.Values),
            Cmd = arguments.Count > 1 ? [.. arguments.Skip(1)] : null,
            Image = arguments[0],
            Volumes = AnonymousVolumes(),
            WorkingDir = _workDirectory.Value,
            // An empty entrypoint takes the image's away, which is not the same as saying nothing.
            Entrypoint = _entrypoint.IsSet ? [_entrypoint.Value!] : null,
            Labels = EnvironmentArguments.Labels(_labelFile.Values, _label.Values),
            StopSignal = _stopSignal.Value,
            StopTimeout = (int?)_stopTimeout.Value,
            Healthcheck = Health(),
            HostConfig = Host(bindings),
            NetworkingConfig = NetworkArgument.ToEndpoints(Networks()),
        };
        request.StdinOnce = request.OpenStdin && request.AttachStdin;
        return request;
    }

    private HostConfig Host(Dictionary<string, List<PortBinding>?> bindings)
    {
        var security = SecurityArguments.Parse(_securityOpt.Values);
        var (devices, requests) = DeviceArguments.Parse(_device.Values);
        if (_logDriver.Value == "none" && _logOpt.Values.Count > 0) throw new FailureException($"invalid logging opts for driver none", 125);
        if (RemovesItself && _restart.Value is not ("no" or "")) throw new FailureException("conflicting options: cannot specify both --restart and --rm", 125);
        return new HostConfig
        {
            Binds = Binds(),
            ContainerIDFile = _cidFile.Value,
            LogConfig = new LogConfig { Type = _logDriver.Value ?? "", Config = KeyValue.ToMap(_logOpt.Values) ?? [] },
            NetworkMode = Networks() is [var first, ..] ? first.Target : "default",
            PortBindings = bindings,
            RestartPolicy = ResourceArguments.ParseRestart(_restart.Value),
            AutoRemove = RemovesItself,
            VolumeDriver = _volumeDriver.Value,
            VolumesFrom = _volumesFrom.OrNull(),
            Annotations = KeyValue.ToMap(_annotation.Values),
            CapAdd = _capAdd.OrNull(),
            CapDrop = _capDrop.OrNull(),
            CgroupnsMode = _cgroupns.Value,
            Dns = _dns.OrNull() ?? [],
            DnsOptions = _dnsOption.OrNull() ?? [],
            DnsSearch = _dnsSearch.OrNull() ?? [],
            ExtraHosts = _addHost.OrNull(),
            GroupAdd = _groupAdd.OrNull(),
            IpcMode = _ipc.Value,
            Links = _link.OrNull(),
            OomScoreAdj = (int)(_oomScoreAdj.Value ?? 0),
            PidMode = _pid.Value,
            Privileged = _privileged,
            PublishAllPorts = _publishAll,
            ReadonlyRootfs = _readOnly,
            SecurityOpt = security.Options,
            MaskedPaths = security.MaskedPaths,
            ReadonlyPaths = security.ReadonlyPaths,
            StorageOpt = KeyValue.ToMap(_storageOpt.Values),
            Tmpfs = Tmpfs(),
            UtsMode = _uts.Value,
            UsernsMode = _userns.Value,
            ShmSize = _shmSize.Value ?? 0,
            Sysctls = KeyValue.ToMap(_sysctl.Values),
            Runtime = _vm ? Node.Containers.ContainerDefaults.MachineRuntime : _runtime.Value,
            Isolation = _isolation.Value,
            CpuShares = _cpuShares.Value ?? 0,
            Memory = _memory.Value ?? 0,
            NanoCpus = _cpus.Value ?? 0,
            CgroupParent = _cgroupParent.Value,
            BlkioWeight = (ushort)(_blkioWeight.Value ?? 0),
            BlkioWeightDevice = _blkioWeightDevice.OrNull() ?? [],
            BlkioDeviceReadBps = _readBps.OrNull() ?? [],
            BlkioDeviceWriteBps = _writeBps.OrNull() ?? [],
            BlkioDeviceReadIops = _readIops.OrNull() ?? [],
            BlkioDeviceWriteIops = _writeIops.OrNull() ?? [],
            CpuPeriod = _cpuPeriod.Value ?? 0,
            CpuQuota = _cpuQuota.Value ?? 0,
            CpuRealtimePeriod = _cpuRtPeriod.Value ?? 0,
            CpuRealtimeRuntime = _cpuRtRuntime.Value ?? 0,
            CpusetCpus = _cpusetCpus.Value,
            CpusetMems = _cpusetMems.Value,
            Devices = devices,
            DeviceCgroupRules = _deviceCgroupRule.OrNull(),
            DeviceRequests = requests.Count + _gpus.Values.Count > 0 ? [.. requests, .. _gpus.Values] : null,
            KernelMemory = _kernelMemory.Value ?? 0,
            MemoryReservation = _memoryReservation.Value ?? 0,
            MemorySwap = _memorySwap.Value ?? 0,
            MemorySwappiness = _memorySwappiness.Value is { } swappiness and >= 0 ? swappiness : null,
            OomKillDisable = _oomKillDisable.Value,
            PidsLimit = _pidsLimit.Value,
            Ulimits = _ulimit.OrNull() ?? [],
            Mounts = _mount.OrNull(),
            Init = _init.IsSet ? _init.Value : null,
        };
    }

    private HealthConfig? Health()
    {
        var said = _healthCommand.IsSet || _healthInterval.IsSet || _healthRetries.IsSet || _healthStartInterval.IsSet || _healthStartPeriod.IsSet || _healthTimeout.IsSet;
        if (_noHealthcheck)
        {
            return said ? throw new FailureException("--no-healthcheck conflicts with --health-* options", 125) : new HealthConfig { Test = ["NONE"] };
        }
        if (!said) return null;
        foreach (var duration in new[] { _healthInterval, _healthTimeout, _healthStartPeriod, _healthStartInterval })
        {
            if (duration.Value < 0) throw new FailureException($"--{duration.Name} cannot be negative", 125);
        }
        if (_healthRetries.Value < 0) throw new FailureException("--health-retries cannot be negative", 125);
        return new HealthConfig
        {
            Test = string.IsNullOrEmpty(_healthCommand.Value) ? null : ["CMD-SHELL", _healthCommand.Value],
            Interval = _healthInterval.Value ?? 0,
            Timeout = _healthTimeout.Value ?? 0,
            StartPeriod = _healthStartPeriod.Value ?? 0,
            StartInterval = _healthStartInterval.Value ?? 0,
            Retries = (int)(_healthRetries.Value ?? 0),
        };
    }

    // "/data" alone is an anonymous volume, "name:/data" and "/host:/data" are binds.
    private List<string>? Binds()
    {
        var binds = _volume.Values.Where(v => v.Contains(':', StringComparison.Ordinal)).Select(bind =>
        {
            var colon = bind.IndexOf(':', StringComparison.Ordinal);
            return bind.StartsWith('.') ? Path.GetFullPath(bind[..colon]) + bind[colon..] : bind;
        }).ToList();
        return binds.Count > 0 ? binds : null;
    }

    private Dictionary<string, EmptyObject>? AnonymousVolumes()
    {
        var volumes = _volume.Values.Where(v => !v.Contains(':', StringComparison.Ordinal)).Distinct().ToDictionary(v => v, _ => new EmptyObject());
        return volumes.Count > 0 ? volumes : null;
    }

    private Dictionary<string, string>? Tmpfs()
    {
        Dictionary<string, string>? mounts = null;
        foreach (var text in _tmpfs.Values)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            (mounts ??= [])[colon < 0 ? text : text[..colon]] = colon < 0 ? "" : text[(colon + 1)..];
        }
        return mounts;
    }

    // The options of old (--ip, --network-alias, ...) speak of the first network.
    private List<NetworkArgument> Networks()
    {
        var networks = _network.Values.ToList();
        var first = networks.Count > 0 ? networks[0] : new NetworkArgument("default");
        var whole = first with
        {
            Aliases = [.. first.Aliases, .. _networkAlias.Values],
            Ipv4 = first.Ipv4 ?? _ip.Value,
            Ipv6 = first.Ipv6 ?? _ip6.Value,
            LinkLocal = [.. first.LinkLocal, .. _linkLocalIp.Values],
            MacAddress = first.MacAddress ?? _macAddress.Value,
            Links = first.IsUserDefined ? [.. _link.Values] : [],
        };
        return networks.Count > 0 ? [whole, .. networks.Skip(1)] : whole.HasSettings ? [whole] : [];
    }
}
