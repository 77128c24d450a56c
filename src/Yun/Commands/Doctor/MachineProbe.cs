using Yun.DockerApi;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Linux.Nftables;
using Yun.Node.Machines;
using Yun.Node.Networks;

namespace Yun.Commands.Doctor;

/// <summary>Reads the facts from this machine. It leaves nothing behind and disturbs nothing that runs.</summary>
internal static class MachineProbe
{
    private const string Kvm = "/dev/kvm", Forwarding = "/proc/sys/net/ipv4/ip_forward";

    /// <param name="keeperSocket">Where the keeper listens.</param>
    public static MachineFacts Read(DaemonFacts daemon, string dataRoot, string keeperSocket)
    {
        var isRoot = UserIdentity.UserId == 0;
        return new MachineFacts
        {
            KernelRelease = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            Kernel = Environment.OSVersion.Version,
            IsRoot = isRoot,
            HasSysAdmin = (Capabilities.Permitted() >> Capabilities.NumberOf("CAP_SYS_ADMIN") & 1) != 0,
            Cgroups = ReadCgroups(),
            Firewall = isRoot ? ReadFirewall() : null,
            ForwardsPackets = File.Exists(Forwarding) ? File.ReadAllText(Forwarding).Trim() != "0" : null,
            DataRoot = ReadDataRoot(dataRoot, isRoot),
            ClockIsSynchronized = Clock.IsSynchronized,
            Daemon = daemon,
            KeeperSocket = keeperSocket,
            // Looked up and not connected to: a keeper takes whoever connects for its daemon.
            KeeperListens = File.ReadLines("/proc/net/unix").Any(line => line.EndsWith(' ' + keeperSocket, StringComparison.Ordinal)),
            Units = SystemdUnits.Read(),
            MissingPrograms = [.. OptionalProgram.All.Where(program => !program.IsInstalled)],
            CanUseKvm = ImageMachines.HasKvm && CanOpen(Kvm),
        };
    }

    private static CgroupFacts ReadCgroups()
    {
        var machine = CgroupLayout.Machine;
        var layout = machine.Hierarchies.Count == 0 ? null : machine.IsUnifiedOnly ? "v2" : machine.Unified is null ? "v1" : "hybrid";
        return new CgroupFacts(layout, [.. machine.Hierarchies.SelectMany(h => h.Controllers).Where(c => !c.Contains('=', StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)]);
    }

    private static FirewallFacts ReadFirewall()
    {
        try { return new FirewallFacts(null, ForeignFirewalls.Obstacles()); }
        catch (NftablesException error) { return new FirewallFacts(error.Message, []); }
    }

    private static DataRootFacts ReadDataRoot(string path, bool isRoot)
    {
        // One that is still to be made will be on the file system of what is there.
        var existing = path;
        while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing) ?? "/";
        return new DataRootFacts(path, MachineInfo.FileSystemOf(existing), FileSystemRoom.Of(existing), isRoot, isRoot ? OverlayFailure(existing) : null);
    }

    // Really mounted, and seen by nobody: whether a file system can be an overlay's upper one depends on more than its name.
    private static string? OverlayFailure(string folder)
    {
        string? scratch = null;
        try
        {
            scratch = Path.Combine(folder, $".yun-doctor-{Environment.ProcessId}");
            string Made(string name) => Directory.CreateDirectory(Path.Combine(scratch, name)).FullName;
            Overlay.Mount([Made("lower")], Made("upper"), Made("work")).Dispose();
            return null;
        }
        catch (Exception error) when (error is SyscallException or IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
        finally
        {
            if (Directory.Exists(scratch)) Directory.Delete(scratch, recursive: true);
        }
    }

    private static bool CanOpen(string path)
    {
        try
        {
            using var device = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
