using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>
/// A container as the command line remembers it: <c>ROOT/ID/state.json</c>, beside the fifo that <c>start</c> writes to and a link that names its
/// cgroup. The link is there before the cgroup is, so that whatever a killed <c>create</c> left behind can be found.
/// </summary>
internal sealed class ContainerState
{
    public string Id { get; set; } = "";
    public int Pid { get; set; }
    /// <summary>Clock ticks after boot when the process began (proc_pid_stat(5), field 22): with the pid it names one process for ever.</summary>
    public ulong StartTime { get; set; }
    public string Bundle { get; set; } = "";
    public string Rootfs { get; set; } = "";
    public string CgroupPath { get; set; } = "";
    /// <summary>In RFC 3339.</summary>
    public string Created { get; set; } = "";
    /// <summary>Whether start and delete have hooks of the bundle's to run.</summary>
    public bool HasHooks { get; set; }
    /// <summary>Whether its processes are in a PID namespace that does not end with its first process: the host's, or one given by path.</summary>
    public bool SharesPids { get; set; }
    /// <summary>Where it was mounted in the host's own mount namespace: the id of its root's mount, else 0.</summary>
    public int RootMount { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }

    public static string DirectoryOf(RuntimeSettings settings, string id) => Path.Combine(settings.Root, LaunchOptions.CheckId(id));

    public static string GateOf(RuntimeSettings settings, string id) => Path.Combine(DirectoryOf(settings, id), "start.fifo");

    private static string CgroupLinkOf(RuntimeSettings settings, string id) => Path.Combine(DirectoryOf(settings, id), "cgroup");

    /// <exception cref="UsageException">There is no such container.</exception>
    public static ContainerState Load(RuntimeSettings settings, string id) => TryLoad(settings, id) ?? throw new UsageException($"container {id} does not exist");

    /// <summary>Null when there is no such container, or its making was cut short.</summary>
    public static ContainerState? TryLoad(RuntimeSettings settings, string id) =>
        KernelFile.TryReadBytes(Path.Combine(DirectoryOf(settings, id), "state.json")) is { } bytes ? Read(bytes) : null;

    /// <summary>Makes the container's directory and notes where its cgroup will be.</summary>
    /// <exception cref="UsageException">The id is in use.</exception>
    public static void Reserve(RuntimeSettings settings, string id, string cgroupPath)
    {
        Files.MakeDirectories(settings.Root, 0x1c0);
        if (!Files.TryMakeDirectory(DirectoryOf(settings, id), 0x1c0)) throw new UsageException($"container with given ID already exists: {id}");
        Files.MakeLink(CgroupLinkOf(settings, id), cgroupPath);
    }

    /// <summary>The cgroup of a container that may never have been finished; null when there is nothing of it.</summary>
    public static string? ReservedCgroup(RuntimeSettings settings, string id) => Files.TryReadLink(CgroupLinkOf(settings, id));

    public void Save(RuntimeSettings settings)
    {
        var path = Path.Combine(DirectoryOf(settings, Id), "state.json");
        var json = new JsonWriter();
        Write(json);
        Files.Write(path + ".new", json.Bytes, 0x180);
        Files.Rename(path + ".new", path);
    }

    public static void Forget(RuntimeSettings settings, string id) => Files.RemoveTree(DirectoryOf(settings, id));

    /// <summary>created, running, paused or stopped.</summary>
    public string Status(RuntimeSettings settings)
    {
        if (ProcessTimes.StartTime(Pid) != StartTime) return "stopped";
        if (Files.Exists(GateOf(settings, Id))) return "created";
        return Cgroup.At(CgroupPath).IsFrozen ? "paused" : "running";
    }

    /// <summary>Writes an object: the specification's state, and what runc adds to it.</summary>
    public void Describe(JsonWriter json, string status)
    {
        json.WriteStartObject();
        StateDocument.WriteProperties(json, Id, status, Pid, Bundle, Annotations);
        json.WriteString("rootfs", Rootfs);
        json.WriteString("created", Created);
        json.WriteString("owner", "");
        json.WriteEndObject();
    }

    private void Write(JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteNumber("pid", Pid);
        json.WriteNumber("startTime", StartTime);
        json.WriteString("bundle", Bundle);
        json.WriteString("rootfs", Rootfs);
        json.WriteString("cgroupPath", CgroupPath);
        json.WriteString("created", Created);
        json.WriteBoolean("hooks", HasHooks);
        json.WriteBoolean("sharesPids", SharesPids);
        json.WriteNumber("rootMount", RootMount);
        json.WriteStartObject("annotations");
        foreach (var (name, value) in Annotations ?? []) json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static ContainerState Read(byte[] bytes)
    {
        var state = new ContainerState();
        var json = new JsonCursor(bytes);
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "id": state.Id = json.Text(); break;
                case "pid": state.Pid = json.Integer32(); break;
                case "startTime": state.StartTime = json.Unsigned(); break;
                case "bundle": state.Bundle = json.Text(); break;
                case "rootfs": state.Rootfs = json.Text(); break;
                case "cgroupPath": state.CgroupPath = json.Text(); break;
                case "created": state.Created = json.Text(); break;
                case "hooks": state.HasHooks = json.Boolean(); break;
                case "sharesPids": state.SharesPids = json.Boolean(); break;
                case "rootMount": state.RootMount = json.Integer32(); break;
                case "annotations": state.Annotations = json.TextMap(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return state;
    }
}
