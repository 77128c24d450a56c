using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Yun.Linux;
using Yun.Node.Containers.Spec;
using Yun.Node.Machines;
using Yun.Node.Networks;
using Yun.Node.Volumes;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers;

// A container of the runtime "vm": its image runs in a virtual machine of its own. To the keeper it is a container like others, the sandbox that the
// machine's emulator runs in; docs/machines.md draws it.
public sealed partial class Container
{
    // What tells that a start has ended comes right after it.
    private static readonly TimeSpan s_failedStartMax = TimeSpan.FromSeconds(10);
    private const int FileServerWordsMax = 4096;

    /// <summary>It runs in a virtual machine.</summary>
    public bool IsMachine => HostConfig.Runtime == ContainerDefaults.MachineRuntime;

    private string MachineFiles => Path.Combine(Directory, "machine");
    private string ChangesDisk => Path.Combine(Directory, "changes.ext4");

    internal void MakeMachineFiles() => ImageMachines.MakeChangesDisk(ChangesDisk, MachineSandbox.UserOf(Id));

    private StartReport? OpenReport() => IsMachine ? new StartReport(Path.Combine(Engine.Options.ExecRoot, $"machine-{Id[..12]}.sock"), MachineSandbox.UserOf(Id)) : null;

    private async Task<PreparedStart> PrepareMachineAsync(ContainerUser user, PreparedMounts mounts, Sandbox sandbox, StartReport report, CancellationToken cancel)
    {
        var machines = Engine.ImageMachines;
        machines.Tools.RequireQemu();
        var folders = SharedFolders.Of(mounts);
        var fileServer = folders.Any ? machines.Tools.RequireFileServer() : null;
        var files = new SandboxFiles(machines.GuestProgram, machines.Kernel.Open(), await machines.OpenDiskAsync(Image, LowerDirectories(), cancel), ChangesDisk, MachineFiles, report.Path);
        var shape = ImageMachines.ShapeOf(HostConfig, sandbox.Interfaces, folders.Any);

        var inside = new RuntimeSpecBuilder(this, new StartFacts(user, folders.InGuest, null, HasNetworkNamespace: true, 0, 0, null)).Build();
        var spec = MachineSandbox.Spec(HostConfig, Id, CgroupPath, inside.Process!, files, folders.InSandbox, shape);
        WriteMachineFiles(inside, sandbox, shape);
        var usr = machines.Tools.MountUsr();
        return new PreparedStart(spec, new Dictionary<string, SafeHandle>(folders.Descriptors) { ["/usr"] = usr }, usr) { FileServer = fileServer };
    }

    /// <summary>A user by name is looked up in the image: what was added to its files later is known inside only.</summary>
    internal ContainerUser UserInImage(string? user)
    {
        using var image = Overlay.Mount(LowerDirectories(), null, null);
        return UserLookup.Find(image, user, HostConfig.GroupAdd);
    }

    /// <summary>What the monitor reads, for its user alone: environments hold secrets.</summary>
    private void WriteMachineFiles(RuntimeSpec spec, Sandbox sandbox, MachineShape shape)
    {
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserExecute, readOnly = UnixFileMode.UserRead;
        var user = MachineSandbox.UserOf(Id);
        if (System.IO.Directory.Exists(MachineFiles)) System.IO.Directory.Delete(MachineFiles, recursive: true);
        System.IO.Directory.CreateDirectory(MachineFiles, own);
        using var folder = PathDescriptor.Open(null, MachineFiles, OpenFlags.ReadOnly | OpenFlags.Directory);
        var parameters = "net/ipv4/ip_unprivileged_port_start 0\nnet/ipv4/ping_group_range 0 2147483647\n" + GuestSpec.NetworkParameters(spec.Linux!.Sysctl);
        Write("hosts", sandbox.Hosts);
        Write("hostname", Hostname + "\n");
        Write("resolv.conf", sandbox.ResolvConf);
        Write("interfaces", string.Concat(sandbox.Interfaces.Select(one => $"{one.Name} {one.MacAddress} {List(one.Addresses)} {List(one.Gateways)}\n")));
        Write("parameters", parameters);
        Write("spec", JsonSerializer.Serialize(GuestSpec.Of(spec, Directory), RuntimeSpecJson.Default.RuntimeSpec));
        Write("qemu", string.Join('\n', QemuCommand.Of(shape)));
        Write("shares", shape.HasVolumes ? SharedFolders.Tag : "");
        Write("group", $"{SharedFolders.Group}:x:{user}:\n");
        Write("deadline", $"{ImageMachines.BootDeadline.TotalSeconds}");
        FileAt.ChangeOwner(folder, "", user, user);

        void Write(string name, string text)
        {
            using (var file = new FileStream(Path.Combine(MachineFiles, name), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = readOnly })) file.Write(Encoding.UTF8.GetBytes(text));
            FileAt.ChangeOwner(folder, name, user, user);
        }

        static string List(IReadOnlyList<string> words) => words.Count == 0 ? "-" : string.Join(',', words);
    }

    /// <summary>Starts what serves the machine's volumes; the machine waits for it. If it ends before the machine, that is ended too: its processes would wait for their files for ever.</summary>
    private async Task StartFileServerAsync(string program, CancellationToken cancel)
    {
        try { Engine.Track(WatchFileServerAsync(await ProbeProcess.StartAsync(this, SharedFolders.ServerSpec(program, CgroupPath), stdin: false, cancel))); }
        catch
        {
            await EndSandboxAsync();
            throw;
        }
    }

    private async Task WatchFileServerAsync(ProbeProcess server)
    {
        try
        {
            var said = await server.ReadAsync(FileServerWordsMax, Engine.Stopping);
            await server.DisposeAsync();
            await Engine.Keeper.SignalAsync(Id, 9, Engine.Stopping);
            Engine.Log.Error($"What serves the volumes of virtual machine {Name} has ended, and the machine with it: {said.Trim()}");
        }
        // It is the machine that has ended, or the daemon that does; then the server goes on.
        catch (Exception ended) when (ended is EngineException or OperationCanceledException) { }
    }

    /// <summary>Until the first process inside runs. When it will not, the sandbox is gone when this throws.</summary>
    private async Task AwaitMachineAsync(StartReport report, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(ImageMachines.BootDeadline * 2 + s_failedStartMax);
        try { await report.WaitAsync(deadline.Token); }
        catch (Exception failed)
        {
            await EndSandboxAsync();
            if (failed is OperationCanceledException && !cancel.IsCancellationRequested) throw new EngineException(ErrorKind.Unavailable, $"the virtual machine of {Name} did not say in time that it runs", failed);
            throw;
        }
    }

    private async Task EndSandboxAsync()
    {
        using var deadline = new CancellationTokenSource(s_failedStartMax);
        for (var signal = true; ; signal = false)
        {
            try
            {
                if (signal) await Engine.Keeper.SignalAsync(Id, 9, CancellationToken.None);
                else await Engine.Keeper.ForgetAsync(Id, CancellationToken.None);
                if (!signal) return;
            }
            // It still runs, or has ended by itself already.
            catch (EngineException error) when (error.Kind == ErrorKind.Conflict && !deadline.IsCancellationRequested) { await Task.Delay(20, CancellationToken.None); }
        }
    }
}
