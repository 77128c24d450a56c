using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Yun.Node.Keeper;
using Yun.Node.Machines;
using Yun.Protocol;

namespace Yun.Node.Containers;

// Files of a container whose virtual machine does not run: a machine with its disks is booted for each request, runs no program, and is switched off when it is done. What is
// on the disk a guest has written, so this machine's kernel does not mount it.
public sealed partial class Container
{
    private const long RestMemoryBytes = 256L << 20;

    private string RestFolder => Path.Combine(Directory, "machine-at-rest");

    /// <summary>A process that does what is asked, in the machine that runs or in one for its sake. Until it is disposed of, the container is not started or removed then.</summary>
    /// <param name="words">What <c>yun-guest files</c> is asked.</param>
    /// <param name="inTurn">The caller holds the turn.</param>
    private async Task<MachineFileProcess> StartFilesAsync(bool stdin, bool inTurn, CancellationToken cancel, params string[] words)
    {
        Turn? turn = inTurn || State.IsLive ? null : await TakeTurnAsync(cancel);
        try
        {
            if (State.Status == ContainerStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"container {Name} is paused, and only its virtual machine reads its files: unpause it first");
            if (State.Status is ContainerStatus.Removing or ContainerStatus.Dead) throw new EngineException(ErrorKind.Conflict, $"container {Name} is being removed");
            var process = State.IsLive ? await ProbeProcess.StartAsync(this, MachineSandbox.FilesSpec(Id, CgroupPath, words), stdin, cancel) : await StartAtRestAsync(stdin, words, cancel);
            return new MachineFileProcess(process, turn, cancel);
        }
        catch
        {
            turn?.Dispose();
            throw;
        }
    }

    private async Task<ProbeProcess> StartAtRestAsync(bool stdin, string[] words, CancellationToken cancel)
    {
        var machines = Engine.ImageMachines;
        machines.Tools.RequireQemu();
        var shape = new MachineShape(RestMemoryBytes, 1, [], HasVolumes: false, ImageMachines.HasKvm);
        MonitorFiles.Write(RestFolder, MachineSandbox.UserOf(Id), new Dictionary<string, string>
        {
            ["hosts"] = "", ["hostname"] = Hostname + "\n", ["resolv.conf"] = "", ["interfaces"] = "", ["parameters"] = "", ["shares"] = "", ["spec"] = "", ["group"] = "",
            ["qemu"] = string.Join('\n', QemuCommand.Of(shape)), ["deadline"] = $"{machines.BootDeadline.TotalSeconds}", ["watchdog"] = "0",
        });
        var files = new SandboxFiles(machines.GuestProgram, machines.Kernel.Open(), await machines.OpenDiskAsync(Image, LowerDirectories(), cancel), ChangesDisk, RestFolder, RestFolder, null);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var spec = MachineSandbox.RestSpec(Id, $"/{Engine.Options.CgroupName}/{id}", words, files, shape);
        using var root = MachineSandbox.MountRoot();
        using var usr = machines.Tools.MountUsr();
        return await ProbeProcess.StartAsync(Engine, new KeptStart(id, id, spec) { OpenStdin = stdin, StdinOnce = true }, root, new Dictionary<string, SafeHandle> { ["/usr"] = usr }, cancel);
    }

    /// <summary>Refuses what is not on the disks of a machine that does not run.</summary>
    private void RequireOnDisk(string path, bool writes)
    {
        if (State.IsLive) return;
        var whole = Archives.Paths.CleanPath.Of("/" + path);
        if (_record.Mounts.FirstOrDefault(mount => (whole + "/").StartsWith(mount.Destination.TrimEnd('/') + "/", StringComparison.Ordinal)) is { } mounted)
            throw new EngineException(ErrorKind.Conflict, $"{whole} is in a volume at {mounted.Destination}, which the virtual machine of {Name} has while it runs: start it first");
        if (writes && HostConfig.ReadonlyRootfs) throw new EngineException(ErrorKind.Forbidden, "container rootfs is marked read-only");
    }
}
