using Yun.Commands.Bench;
using Yun.Commands.Containers;
using Yun.Commands.Doctor;
using Yun.Commands.Images;
using Yun.Commands.ImportDocker;
using Yun.Commands.Machines;
using Yun.Commands.Networks;
using Yun.Commands.Registries;
using Yun.Commands.Volumes;

namespace Yun.Commands.CommandLine;

/// <summary>Every command there is.</summary>
public static class CommandTree
{
    public static string Program { get; } = ProgramName.IsDocker ? ProgramName.Docker : "yun";

    public static readonly (string Name, string Summary)[] Groups =
    [
        ("bench", "Measure what Yun does on this machine"), ("builder", "Manage builds"), ("container", "Manage containers"), ("image", "Manage images"), ("machine", "Manage virtual machines"),
        ("machine disk", "Manage disks that virtual machines are made from"), ("machine kernel", "Manage the kernel of virtual machines"), ("machine snapshot", "Manage snapshots of virtual machines"), ("network", "Manage networks"),
        ("node", "Manage this node"), ("system", "Manage Yun"), ("volume", "Manage volumes"),
    ];

    private static readonly string[] s_common = ["run", "exec", "ps", "build", "pull", "push", "images", "login", "logout", "search", "version", "info"];

    private static readonly CommandEntry[] s_entries =
    [
        new("container attach, attach", "Attach local standard input, output, and error streams to a running container", () => new AttachCommand()),
        new("container commit, commit", "Create a new image from a container's changes", () => new CommitCommand()),
        new("container cp, cp", "Copy files/folders between a container and the local filesystem", () => new CopyCommand()),
        new("container create, create", "Create a new container", () => new CreateCommand()),
        new("container diff, diff", "Inspect changes to files or directories on a container's filesystem", () => new DiffCommand()),
        new("container exec, exec", "Execute a command in a running container", () => new ExecCommand()),
        new("container export, export", "Export a container's filesystem as a tar archive", () => new ExportCommand()),
        new("container inspect", "Display detailed information on one or more containers", () => new InspectCommand(InspectKind.Container)),
        new("container kill, kill", "Kill one or more running containers", () => new KillCommand()),
        new("container logs, logs", "Fetch the logs of a container", () => new LogsCommand()),
        new("container ls, container list, container ps, ps, ls", "List containers", () => new ListContainersCommand()),
        new("container pause, pause", "Pause all processes within one or more containers", () => new PauseCommand()),
        new("container port, port", "List port mappings or a specific mapping for the container", () => new PortCommand()),
        new("container prune", "Remove all stopped containers", () => new PruneContainersCommand()),
        new("container rename, rename", "Rename a container", () => new RenameCommand()),
        new("container restart, restart", "Restart one or more containers", () => new StopCommand(restart: true)),
        new("container rm, container remove, rm", "Remove one or more containers", () => new RemoveContainersCommand()),
        new("container run, run", "Create and run a new container from an image", () => new RunCommand()),
        new("container start, start", "Start one or more stopped containers", () => new StartCommand()),
        new("container stats, stats", "Display a live stream of container(s) resource usage statistics", () => new StatsCommand()),
        new("container stop, stop", "Stop one or more running containers", () => new StopCommand(restart: false)),
        new("container top, top", ProgramName.IsDocker ? "Display the running processes of a container" : "Display the running processes of a container, or a live table of all", () => new TopCommand()),
        new("container unpause, unpause", "Unpause all processes within one or more containers", () => new UnpauseCommand()),
        new("container update, update", "Update configuration of one or more containers", () => new UpdateCommand()),
        new("container wait, wait", "Block until one or more containers stop, then print their exit codes", () => new WaitCommand()),

        new("image build, build, builder build", "Build an image from a Dockerfile", () => new BuildCommand()),
        new("image history, history", "Show the history of an image", () => new HistoryCommand()),
        new("image import, import", "Import the contents from a tarball to create a filesystem image", () => new ImportCommand()),
        new("image inspect", "Display detailed information on one or more images", () => new InspectCommand(InspectKind.Image)),
        new("image load, load", "Load an image from a tar archive or STDIN", () => new LoadCommand()),
        new("image ls, image list, images", "List images", () => new ListImagesCommand()),
        new("image prune", "Remove unused images", () => new PruneImagesCommand()),
        new("image pull, pull", "Download an image from a registry", () => new PullCommand()),
        new("image policy", "Show what images must show before they are pulled", () => new ImagePolicyCommand()),
        new("image sign", "Sign an image in its registry", () => new SignImageCommand()),
        new("image verify", "Verify that an image in its registry is signed", () => new VerifyImageCommand()),
        new("image push, push", "Upload an image to a registry", () => new PushCommand()),
        new("image rm, image remove, rmi", "Remove one or more images", () => new RemoveImagesCommand()),
        new("image save, save", "Save one or more images to a tar archive (streamed to STDOUT by default)", () => new SaveCommand()),
        new("image tag, tag", "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", () => new TagCommand()),
        new("builder prune", "Remove build cache", () => new PruneBuildCacheCommand()),

        new("machine clone", "Make one more machine like one that does not run", () => new CloneMachineCommand()),
        new("machine console", "Attach to the serial line of a machine", () => new MachineConsoleCommand()),
        new("machine create", "Create a virtual machine", () => new CreateMachineCommand()),
        new("machine disk ls, machine disk list", "List imported disks", () => new ListDisksCommand()),
        new("machine disk rm, machine disk remove", "Remove one or more imported disks", () => new RemoveDisksCommand()),
        new("machine events", "Get real time events of virtual machines", () => new EventsCommand("machine")),
        new("machine exec", "Run a command in a machine, by the agent of its guest", () => new ExecInMachineCommand()),
        new("machine export", "Write a disk of a machine, alone and whole (streamed to STDOUT by default)", () => new ExportDiskCommand()),
        new("machine import", "Import a disk to make machines from", () => new ImportDiskCommand()),
        new("machine inspect", "Display detailed information on one or more machines", () => new InspectCommand(InspectKind.Machine)),
        new("machine kill", "Pull the plug of one or more machines", () => new ActOnMachinesCommand("kill")),
        new("machine logs", "Fetch what the serial line of a machine has said", () => new MachineLogsCommand()),
        new("machine ls, machine list", "List virtual machines", () => new ListMachinesCommand()),
        new("machine move, machine migrate", "Move a running machine to another daemon", () => new MoveMachineCommand()),
        new("machine pause", "Pause one or more machines", () => new ActOnMachinesCommand("pause")),
        new("machine pull", "Download a disk to make machines from", () => new PullDiskCommand()),
        new("machine push", "Upload a disk of a machine to a registry", () => new PushDiskCommand()),
        new("machine resize", "Make a disk of a machine larger", () => new ResizeDiskCommand()),
        new("machine restart", "Restart one or more machines", () => new StopMachinesCommand(restart: true)),
        new("machine resume", "Let one or more paused machines go on", () => new ActOnMachinesCommand("resume")),
        new("machine rm, machine remove", "Remove one or more machines", () => new RemoveMachinesCommand()),
        new("machine save", "Write the memory of one or more machines down and end them; their start goes on from there", () => new ActOnMachinesCommand("save")),
        new("machine restore", "Put a machine back to a snapshot", () => new SnapshotCommand("POST", "/restore")),
        new("machine screen", "Stand for the screen of a machine to a viewer of VNC", () => new MachineScreenCommand()),
        new("machine snapshot create", "Keep a machine as it is at this moment", () => new SnapshotCommand("POST", "")),
        new("machine snapshot rm, machine snapshot remove", "Remove a snapshot of a machine", () => new SnapshotCommand("DELETE", "")),
        new("machine start", "Start one or more machines", () => new StartMachinesCommand()),
        new("machine stop", "Press the power button of one or more machines", () => new StopMachinesCommand(restart: false)),
        new("machine wait", "Block until one or more machines end, then print their exit codes", () => new WaitMachinesCommand()),
        new("machine kernel install", "Install the kernel of virtual machines that are made from images", () => new InstallKernelCommand()),
        new("machine kernel inspect", "Show which kernel that is", () => new InspectKernelCommand()),

        new("network connect", "Connect a container to a network", () => new ConnectCommand()),
        new("network create", "Create a network", () => new CreateNetworkCommand()),
        new("network disconnect", "Disconnect a container from a network", () => new DisconnectCommand()),
        new("network inspect", "Display detailed information on one or more networks", () => new InspectCommand(InspectKind.Network)),
        new("network ls, network list", "List networks", () => new ListNetworksCommand()),
        new("network prune", "Remove all unused networks", () => new PruneNetworksCommand()),
        new("network rm, network remove", "Remove one or more networks", () => new RemoveNetworksCommand()),

        new("node drain", "Empty this node: machines move or are saved, containers stop", () => new DrainNodeCommand()),

        new("volume create", "Create a volume", () => new CreateVolumeCommand()),
        new("volume inspect", "Display detailed information on one or more volumes", () => new InspectCommand(InspectKind.Volume)),
        new("volume load", "Load a volume from a tar archive or STDIN", () => new LoadVolumeCommand()),
        new("volume ls, volume list", "List volumes", () => new ListVolumesCommand()),
        new("volume prune", "Remove unused local volumes", () => new PruneVolumesCommand()),
        new("volume rm, volume remove", "Remove one or more volumes", () => new RemoveVolumesCommand()),
        new("volume save", "Save a volume to a tar archive (streamed to STDOUT by default)", () => new SaveVolumeCommand()),

        new("system df", "Show disk usage", () => new DiskUsageCommand()),
        new("system events, events", "Get real time events from the server", () => new EventsCommand()),
        new("system dial-stdio", "Proxy the stdio stream to the daemon connection", () => new DialStdioCommand()),
        new("system info, info", "Display system-wide information", () => new InfoCommand()),
        new("system prune", "Remove unused data", () => new PruneCommand()),
        new("system reaper", "Remove what a test run of Testcontainers has made when it ends", () => new ReaperCommand()),
        new("system repair", "Get again what is damaged in the store", () => new VerifyCommand(repair: true)),
        new("system verify", "Read the store again and tell what is damaged", () => new VerifyCommand(repair: false)),
        new("inspect", "Return low-level information on objects", () => new InspectCommand(InspectKind.Any)),
        new("login", "Authenticate to a registry", () => new LoginCommand()),
        new("logout", "Log out from a registry", () => new LogoutCommand()),
        new("search", "Search Docker Hub for images", () => new SearchCommand()),
        new("version", "Show the version information", () => new VersionCommand()),
        new("completion", "Generate the autocompletion script for a shell", () => new CompletionCommand()),
        new("import-docker", "Take over images, volumes and containers' definitions of a Docker data root", () => new ImportDockerCommand()),
        new("bench isolation", "Compare an image as process, container and virtual machine", () => new IsolationCommand()),
        new("doctor", "Check this machine and say what to do", () => new DoctorCommand()),
        new("daemon", "Run the engine", () => new DaemonUsage()),
    ];

    public static IReadOnlyList<CommandEntry> Entries => s_entries;

    public static IEnumerable<CommandEntry> Common => s_common.Select(name => s_entries.First(e => e.Paths.Contains(name)));

    public static IEnumerable<CommandEntry> Others =>
        s_entries.Where(e => e.Paths.Any(p => !p.Contains(' ', StringComparison.Ordinal)) && !e.Paths.Intersect(s_common).Any()).OrderBy(e => e.ShortName, StringComparer.Ordinal);

    public static IEnumerable<CommandEntry> Below(string group) =>
        s_entries.Where(e => e.Paths.Any(p => p.StartsWith(group + " ", StringComparison.Ordinal)));

    /// <summary>The words that may follow these on the way to a command; none when they are not on one.</summary>
    public static IReadOnlyList<string> Next(IEnumerable<string> words)
    {
        var way = string.Concat(words.Select(word => word + " "));
        return [.. s_entries.SelectMany(e => e.Paths).Where(p => p.StartsWith(way, StringComparison.Ordinal)).Select(p => p[way.Length..].Split(' ')[0]).Distinct()];
    }

    /// <summary>The command that the words begin with: one word to three.</summary>
    public static (CommandEntry Entry, string Path)? Find(IReadOnlyList<string> words)
    {
        for (var length = Math.Min(3, words.Count); length > 0; length--)
        {
            var path = string.Join(' ', words.Take(length));
            if (s_entries.FirstOrDefault(e => e.Paths.Contains(path)) is { } entry) return (entry, path);
        }
        return null;
    }
}
