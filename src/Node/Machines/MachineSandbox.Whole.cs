using Yun.Node.Containers;
using Yun.Node.Containers.Spec;
using Yun.Oci;

namespace Yun.Node.Machines;

public static partial class MachineSandbox
{
    /// <summary>For each disk QEMU keeps tables of where things are in it, up to 32 MiB.</summary>
    private const long OverheadOfDiskBytes = 32L << 20;

    /// <summary>The sandbox of a whole machine: QEMU is its first process, and its serial line is the terminal.</summary>
    /// <param name="files">What QEMU opens, by its path in the sandbox; detached mounts are given to the keeper for each.</param>
    /// <param name="qmpFolder">The directory, on this machine, with the socket that QEMU connects to.</param>
    internal static RuntimeSpec Spec(MachinePlan plan, string cgroupPath, IReadOnlyDictionary<string, MachineFile> files, string qmpFolder)
    {
        var process = Process(plan.Id, new SpecProcess { Terminal = true }, MachineArguments.Of(plan));
        var resources = ResourceLimits.Of(new HostConfig { NanoCpus = plan.Cpus * 1_000_000_000L }, DeviceRules(plan.HasKvm));
        var mounts = SystemMounts(plan.Id);
        mounts.Add(Bind(MachineArguments.QmpFolder, qmpFolder, "ro", "nosuid", "nodev", "noexec"));
        foreach (var (path, file) in files) mounts.Add(Bind(path, path, file.ReadOnly ? ["ro", "nosuid", "nodev", "noexec"] : ["nosuid", "nodev", "noexec"]));
        var disks = plan.Disks.Sum(disk => 1 + disk.BaseFormats.Count);
        return Spec(resources, plan.MemoryBytes + QemuCommand.OverheadBytes + disks * OverheadOfDiskBytes, cgroupPath, process, mounts, plan.HasKvm);
    }
}
