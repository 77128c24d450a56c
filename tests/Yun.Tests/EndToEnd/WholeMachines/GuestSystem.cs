using System.Text;
using Yun.Node.Machines;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>A system for virtual machines: the distribution's kernel, and a first root with busybox that asks for its address, obeys the power button and gives a shell on the serial line.</summary>
public sealed class GuestSystem : IDisposable
{
    private const string Init = """
        #!/bin/busybox sh
        /bin/busybox --install -s /bin
        mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
        for module in $(cat /modules/order); do insmod /modules/$module; done
        ip link set lo up
        for interface in $(ls /sys/class/net | grep -v lo); do ip link set $interface up; udhcpc -i $interface -n -q -t 20 -s /dhcp >/dev/null 2>&1; done
        for event in /sys/class/input/event*; do
            grep -q Power $event/device/name && (dd if=/dev/input/${event##*/} of=/dev/null bs=24 count=1 2>/dev/null; echo the button; poweroff -f) &
        done
        httpd -h /www
        [ ! -x /sbin/qemu-ga ] || (until port=$(grep -l org.qemu.guest_agent.0 /sys/class/virtio-ports/*/name 2>/dev/null); do sleep 0.2; done; port=${port%/name}; exec /sbin/qemu-ga -p /dev/${port##*/} -t /tmp) &
        PS1='ready# '
        export PS1
        echo the guest is up
        while :; do setsid cttyhack sh; done
        """;

    private const string Dhcp = """
        #!/bin/sh
        [ "$1" = bound ] || exit 0
        ip addr add $ip/$mask dev $interface
        [ -z "$router" ] || ip route add default via $router
        for server in $dns; do echo nameserver $server >> /etc/resolv.conf; done
        [ -z "$hostname" ] || hostname $hostname
        """;

    // What the cloud kernel has as modules of what QEMU has as devices.
    private static readonly string[] s_modules = ["virtio_pci", "virtio_blk", "virtio_net", "button", "evdev", "pvpanic-pci", "isofs", "virtio_console"];

    private readonly ScratchFolder _folder = new();

    private GuestSystem(string kernel) => Kernel = kernel;

    public string Kernel { get; }
    public string InitialRoot => _folder["initrd"];
    public const string Append = "console=ttyS0 quiet panic=1 mitigations=off random.trust_cpu=on";

    /// <summary>The options by which a machine starts it.</summary>
    public string[] Options => ["--kernel", Kernel, "--initrd", InitialRoot, "--append", Append];

    /// <param name="agent">With the distribution's qemu-guest-agent, which it starts.</param>
    public static async Task<GuestSystem> MakeAsync(bool agent = false)
    {
        var folder = (await Made("kernel").RunAsync()).Text;
        var busybox = Path.Combine((await Made("unpacked", "busybox-static").RunAsync()).Succeeded().Text, "bin", "busybox");
        var system = new GuestSystem(Path.Combine(folder, "vmlinuz"));
        var modules = Directory.GetDirectories(Path.Combine(folder, "lib", "modules"))[0];
        var needs = File.ReadLines(Path.Combine(modules, "modules.dep")).Select(line => line.Split(':')).ToDictionary(parts => parts[0], parts => parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        using var archive = File.Create(system.InitialRoot);
        var cpio = new CpioWriter(archive);
        foreach (var directory in (string[])["bin", "dev", "proc", "sys", "etc", "tmp", "mnt", "modules", "www"]) cpio.WriteDirectory(directory);
        cpio.WriteCharacterDevice("dev/console", 5, 1);
        cpio.WriteFile("bin/busybox", File.ReadAllBytes(busybox));
        if (agent) await WriteAgentAsync(cpio);
        cpio.WriteFile("init", Encoding.ASCII.GetBytes(Init));
        cpio.WriteFile("dhcp", Encoding.ASCII.GetBytes(Dhcp));
        cpio.WriteFile("etc/hosts", "127.0.0.1 localhost\n"u8);
        cpio.WriteFile("www/index.html", "served by the guest\n"u8);
        var order = new List<string>();
        foreach (var path in s_modules.SelectMany(name => needs.Keys.Where(path => Path.GetFileName(path) == name + ".ko").SelectMany(path => needs[path].Reverse().Append(path))).Distinct())
        {
            order.Add(Path.GetFileName(path));
            cpio.WriteFile($"modules/{order[^1]}", File.ReadAllBytes(Path.Combine(modules, path)));
        }
        cpio.WriteFile("modules/order", Encoding.ASCII.GetBytes(string.Join('\n', order)));
        cpio.Finish();
        return system;
    }

    private static async Task WriteAgentAsync(CpioWriter cpio)
    {
        var program = Path.Combine((await Made("unpacked", "qemu-guest-agent").RunAsync()).Succeeded().Text, "usr/sbin/qemu-ga");
        // All that it links to, QEMU does too.
        var links = new Command("ldd", program) { Environment = { ["LD_LIBRARY_PATH"] = Path.Combine((await Made("machine-tools").RunAsync()).Succeeded().Text, "lib", "x86_64-linux-gnu") } };
        foreach (var directory in (string[])["sbin", "lib", "lib64"]) cpio.WriteDirectory(directory);
        cpio.WriteFile("sbin/qemu-ga", File.ReadAllBytes(program));
        foreach (var path in (await links.RunAsync()).Succeeded().Lines.SelectMany(line => line.Split(' ', '\t')).Where(word => word.StartsWith('/') || word.StartsWith("artifacts/", StringComparison.Ordinal)))
            cpio.WriteFile((path.StartsWith("/lib64/", StringComparison.Ordinal) ? "lib64/" : "lib/") + Path.GetFileName(path), File.ReadAllBytes(path));
    }

    public void Dispose() => _folder.Dispose();

    internal static Command Made(string script, params string[] arguments) => new(Path.Combine(Repository.Root, "scripts", script), arguments) { Deadline = TimeSpan.FromMinutes(5) };
}
