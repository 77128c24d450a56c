using System.Runtime.InteropServices;
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
    // From a template, and then twice by booting.
    private const int FileServerWordsMax = 4096, StartAttemptsMax = 3;

    /// <summary>It runs in a virtual machine.</summary>
    public bool IsMachine => HostConfig.Runtime == ContainerDefaults.MachineRuntime;

    private string MachineFiles => Path.Combine(Directory, "machine");
    private string ChangesDisk => Path.Combine(Directory, "changes.ext4");

    internal void MakeMachineFiles() => ImageMachines.MakeChangesDisk(ChangesDisk, MachineSandbox.UserOf(Id));

    private async Task<PreparedStart> PrepareMachineAsync(ContainerUser user, PreparedMounts mounts, Sandbox sandbox, MachineReports reports, CancellationToken cancel)
    {
        var machines = Engine.ImageMachines;
        machines.Tools.RequireQemu();
        var folders = SharedFolders.Of(mounts);
        var fileServer = folders.Any ? machines.Tools.RequireFileServer() : null;
        var (boot, shape) = (machines.Kernel.Open(), machines.ShapeOf(HostConfig, sandbox.Interfaces, folders.Any));
        var template = MachineLabels.StartsWarm(Config, machines.Options) ? await machines.Templates.OpenAsync(Engine, shape, boot, cancel) : null;
        var files = new SandboxFiles(machines.GuestProgram, boot, await machines.OpenDiskAsync(Image, LowerDirectories(), cancel), ChangesDisk, MachineFiles, reports.Folder, template);

        var inside = new RuntimeSpecBuilder(this, new StartFacts(user, folders.InGuest, null, HasNetworkNamespace: true, 0, 0, null)).Build();
        var spec = MachineSandbox.Spec(HostConfig, Id, CgroupPath, inside.Process!, files, folders.InSandbox, shape);
        WriteMachineFiles(inside, sandbox, shape, isWarm: template is not null);
        var usr = machines.Tools.MountUsr();
        return new PreparedStart(spec, new Dictionary<string, SafeHandle>(folders.Descriptors) { ["/usr"] = usr }, usr) { FileServer = fileServer };
    }

    /// <summary>A user by name is looked up in the image: what was added to its files later is known inside only.</summary>
    internal ContainerUser UserInImage(string? user)
    {
        using var image = Overlay.Mount(LowerDirectories(), null, null);
        return UserLookup.Find(image, user, HostConfig.GroupAdd);
    }

    private void WriteMachineFiles(RuntimeSpec spec, Sandbox sandbox, MachineShape shape, bool isWarm)
    {
        var user = MachineSandbox.UserOf(Id);
        MonitorFiles.Write(MachineFiles, user, new Dictionary<string, string>
        {
            ["hosts"] = sandbox.Hosts,
            ["hostname"] = Hostname + "\n",
            ["resolv.conf"] = sandbox.ResolvConf,
            ["interfaces"] = string.Concat(sandbox.Interfaces.Select((one, i) => $"{one.Name} {one.MacAddress} {List(one.Addresses)} {List(one.Gateways)} {(isWarm ? MachineTemplates.CardOf(i) : one.MacAddress)}\n")),
            ["parameters"] = "net/ipv4/ip_unprivileged_port_start 0\nnet/ipv4/ping_group_range 0 2147483647\n" + GuestSpec.NetworkParameters(spec.Linux!.Sysctl),
            ["spec"] = JsonSerializer.Serialize(GuestSpec.Of(spec, Directory), RuntimeSpecJson.Default.RuntimeSpec),
            ["qemu"] = string.Join('\n', QemuCommand.Of(shape)),
            ["shares"] = shape.HasVolumes ? SharedFolders.Tag : "",
            ["group"] = $"{SharedFolders.Group}:x:{user}:\n",
            ["deadline"] = $"{Engine.ImageMachines.BootDeadline.TotalSeconds}",
            ["watchdog"] = $"{MachineLabels.WatchdogOf(Config)}",
        });

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
    private async Task AwaitMachineAsync(MachineReports reports, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Engine.ImageMachines.BootDeadline * StartAttemptsMax + s_failedStartMax);
        try { await reports.StartedAsync(deadline.Token); }
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
