using Yun.Node.Containers.UserIds;
using static Yun.Daemon.Configuration.SettingKind;

namespace Yun.Daemon.Configuration;

/// <summary>All of the daemon's settings: dockerd's (28), with what Yun does of each, and a few of its own. Those that Yun does not do are refused by name, save where leaving them undone changes nothing for anybody.</summary>
internal static class SettingTable
{
    private const string NoPlugins = "There are no plugins.";
    private const string OwnRuntime = "Containers are started by yun-runtime.";

    internal static IReadOnlyList<DaemonSetting> All { get; } =
    [
        Of("data-root", Text, "Where images, containers and volumes are kept (default /var/lib/yun)"),
        Of("exec-root", Text, "Where sockets and other state of this boot are kept (default /run/yun)"),
        Of("host", List, "Where to listen: unix://PATH, fd:// or, with --tlsverify, tcp://ADDRESS:PORT (several allowed; default unix:///run/yun.sock)", "hosts") with { Letter = 'H' },
        Of("pidfile", Text, "Where to write the process id (default /run/yun.pid)") with { Letter = 'p' },
        Of("log-level", Text, "debug, info, warn, error or fatal (default info)") with { Letter = 'l', IsReloaded = true },
        Of("log-format", Text, "How the daemon's own log is written: text or json (default text)"),
        Of("debug", Flag, "Same as --log-level debug") with { Letter = 'D', IsReloaded = true },
        Of("group", Text, "The group that may use the unix socket (default: docker where it exists)") with { Letter = 'G' },
        Of("label", List, "A label of the daemon's, shown by info (several allowed)", "labels") with { IsReloaded = true },
        Of("tls", Flag, null) with { Only = "false", Because = "Whoever reaches the API is root on this machine: without a check of the client's certificate it is not served. Use --tlsverify." },
        Of("tlsverify", Flag, "Serve TCP to clients whose certificate --tlscacert has signed"),
        Of("tlscacert", Text, "Who signs clients' certificates (default /etc/docker/ca.pem)"),
        Of("tlscert", Text, "The daemon's certificate (default /etc/docker/cert.pem)"),
        Of("tlskey", Text, "The key of the daemon's certificate (default /etc/docker/key.pem)"),
        Of("metrics-addr", Text, "Serve metrics for Prometheus at ADDRESS:PORT/metrics"),

        Of("bridge", Text, "The default bridge's name (default: one of its own, from the data root)") with { Letter = 'b' },
        Of("bip", Text, "The default bridge's address, such as 192.168.5.1/24"),
        Of("fixed-cidr", Text, "Where on the default bridge's network addresses are picked from"),
        Of("ipv6", Flag, "Give the default bridge IPv6 too"),
        Of("fixed-cidr-v6", Text, "The default bridge's IPv6 subnet (default: a unique local one)"),
        Of("default-address-pool", List, "Where networks' subnets are picked from: base=10.0.0.0/8,size=24 (several allowed)", "default-address-pools"),
        Of("icc", Flag, "Let containers on the default bridge reach each other (default true)"),
        Of("namespaces-ready", Number, "How many network namespaces are made ahead of need, which makes starts faster (default 3, 0 makes none)"),
        Of("published-ports", Text, "translated by the kernel, or relayed by the daemon, so that the machine's own input rules decide who reaches them (default translated)"),
        Of("ip", Text, "Where ports are published that name no address (default 0.0.0.0 and ::)"),
        Of("ip-masq", Flag, "Let the default bridge's containers speak to the outside in the host's name (default true)"),
        Of("host-gateway-ip", Text, "What host-gateway in --add-host stands for (default: the default bridge's address)"),
        Of("mtu", Number, "The MTU of containers' networks (default 1500)"),
        Of("dns", List, "A name server for containers (several allowed)"),
        Of("dns-search", List, "A search domain for containers (several allowed)"),
        Of("dns-opt", List, "A resolver option for containers (several allowed)", "dns-opts"),

        Of("init", Flag, "Put an init before every container's program"),
        Of("init-path", Text, "The init of --init (default: the distribution's static tini)"),
        Of("default-ulimit", Map, "A resource limit for containers that name none: nofile=1024:2048 (several allowed)", "default-ulimits"),
        Of("default-shm-size", Text, "The size of containers' /dev/shm (default 64m)"),
        Of("default-ipc-mode", Text, "private or shareable (default private)"),
        Of("default-cgroupns-mode", Text, "private or host (default: private where there is cgroups v2 alone)"),
        Of("cgroup-parent", Text, "The cgroup that containers' own are made in"),
        Of("default-profile", Text, "The security profile of containers that name none: docker or strict (default docker)"),
        Of("userns-remap", Text, "Put containers in a user namespace, with the ids that subuid(5) gives USER[:GROUP], or default"),
        Of("userns-range", Text, $"Where containers of the profile strict get their user ids from, START:COUNT (default {IdRange.Default.Start}:{IdRange.Default.Count})"),
        Of("no-new-privileges", Flag, "Containers gain no privileges by set-user-id programs, unless they ask to"),
        Of("seccomp-profile", Text, "The default seccomp profile: a JSON file, builtin or unconfined"),
        Of("log-driver", Text, "The log driver of containers that name none (default json-file)"),
        Of("log-opt", Map, "An option of that driver: max-size=20m (several allowed)", "log-opts"),

        Of("insecure-registry", List, "A registry that may be spoken to without TLS (several allowed)", "insecure-registries") with { IsReloaded = true },
        Of("registry-mirror", List, "A URL that is tried before Docker Hub (several allowed)", "registry-mirrors") with { IsReloaded = true },
        Of("max-concurrent-downloads", Number, "How many layers of an image are downloaded at once (default 3)") with { IsReloaded = true },
        Of("max-download-attempts", Number, "How often a download is taken up again (default 5)") with { IsReloaded = true },
        Of("registry", Text, "Serve a registry too, at ADDRESS:PORT; it shares its content with the engine"),
        Of("trust-policy", Text, "What images must show before they are pulled: a JSON file") with { IsReloaded = true },
        Of("machine-tools", Text, "A folder with QEMU and mkfs.erofs for virtual machines, laid over /usr (default: what is installed)"),
        Of("machine-warm-start", Flag, "Let virtual machines from images go on from a template that has booted, unless their label yun.machine-warm-start says false"),
        Of("machine-memory-merging", Flag, "Let the kernel keep once what virtual machines have alike in memory (KSM); guests can find out by time what others hold"),
        Of("machine-boot-deadline", Number, "Seconds that a virtual machine's guest may take to come up, before it is started once more (default 15, emulated 60)"),
        Of("runtime-path", Text, "The yun-runtime program (default: the one beside yun)") with { Key = null },

        // What is so in any case, or means nothing here.
        Of("live-restore", Flag, null),
        Of("shutdown-timeout", Number, null),
        Of("experimental", Flag, null),
        Of("features", Map, null),
        Of("builder", Map, null),
        Of("containerd", Text, null),
        Of("containerd-namespace", Text, null),
        Of("containerd-plugins-namespace", Text, null),
        Of("userland-proxy", Flag, null),
        Of("userland-proxy-path", Text, null),
        Of("max-concurrent-uploads", Number, null),
        Of("network-control-plane-mtu", Number, null),
        Of("oom-score-adjust", Number, null),
        Of("raw-logs", Flag, null),
        Of("allow-nondistributable-artifacts", List, null),

        Of("iptables", Flag, null) with { Only = "true", Because = "Networks need their firewall rules." },
        Of("ip6tables", Flag, null) with { Only = "true", Because = "Networks need their firewall rules." },
        Of("ip-forward", Flag, null) with { Only = "true", Because = "Networks need packets to be forwarded." },
        Of("firewall-backend", Text, null) with { Only = "nftables", Because = "Rules are made by nftables." },
        Of("storage-driver", Text, null) with { Letter = 's', Only = "overlay2", Because = "Layers are put together by overlayfs." },
        Of("exec-opt", List, null, "exec-opts") with { Only = "native.cgroupdriver=cgroupfs", Because = "Cgroups are made in the cgroup file system." },
        Of("default-runtime", Text, null) with { Only = "yun", Because = OwnRuntime },
        Of("add-runtime", Map, null, "runtimes") with { Only = "", Because = OwnRuntime },
        Of("storage-opt", List, null, "storage-opts") with { Only = "", Because = "Storage has no options." },
        Of("selinux-enabled", Flag, null) with { Only = "false", Because = "Labels of SELinux are not set by the daemon." },
        Of("rootless", Flag, null) with { Only = "false", Because = "The daemon needs root's rights." },
        Of("authorization-plugin", List, null, "authorization-plugins") with { Only = "", Because = NoPlugins },
        Of("default-network-opt", Map, null, "default-network-opts") with { Only = "", Because = "Options are given to each network." },
        Of("default-gateway", Text, null) with { Only = "", Because = "The bridge is its network's gateway." },
        Of("default-gateway-v6", Text, null) with { Only = "", Because = "The bridge is its network's gateway." },
        Of("cpu-rt-period", Number, null) with { Only = "0", Because = "There is no real-time scheduling of containers." },
        Of("cpu-rt-runtime", Number, null) with { Only = "0", Because = "There is no real-time scheduling of containers." },
        Of("node-generic-resource", List, null, "node-generic-resources") with { Only = "", Because = "This node is in no swarm." },
        Of("swarm-default-advertise-addr", Text, null) with { Only = "", Because = "This node is in no swarm." },
        Of("cdi-spec-dir", List, "A folder of files of the Container Device Interface (several allowed; default /etc/cdi and /var/run/cdi)", "cdi-spec-dirs"),
        Of("http-proxy", Text, "The proxy of registries spoken to without TLS (default: HTTP_PROXY)"),
        Of("https-proxy", Text, "The proxy of registries (default: HTTPS_PROXY)"),
        Of("no-proxy", Text, "Hosts that no proxy is asked for, with commas between (default: NO_PROXY)"),
    ];

    private static DaemonSetting Of(string name, SettingKind kind, string? help, string? key = null) => new(name, kind, key ?? name, help);
}
