using System.Text.Json;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>A container as the command line remembers it: <c>ROOT/ID/state.json</c>, beside a copy of its config.json and the fifo that <c>start</c> writes to.</summary>
internal sealed class ContainerState
{
    public string Id { get; set; } = "";
    public int Pid { get; set; }
    /// <summary>Clock ticks after boot when the process began (proc_pid_stat(5), field 22): with the pid it names one process for ever.</summary>
    public ulong StartTime { get; set; }
    public string Bundle { get; set; } = "";
    public string CgroupPath { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }

    public static string DirectoryOf(RuntimeSettings settings, string id) => Path.Combine(settings.Root, LaunchOptions.CheckId(id));

    public static string GateOf(RuntimeSettings settings, string id) => Path.Combine(DirectoryOf(settings, id), "start.fifo");

    /// <exception cref="UsageException">There is no such container.</exception>
    public static ContainerState Load(RuntimeSettings settings, string id)
    {
        try { return Read(File.ReadAllBytes(Path.Combine(DirectoryOf(settings, id), "state.json"))); }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException) { throw new UsageException($"container {id} does not exist"); }
    }

    /// <summary>Makes the container's directory.</summary>
    /// <exception cref="UsageException">The id is in use.</exception>
    public static void Reserve(RuntimeSettings settings, string id)
    {
        Directory.CreateDirectory(settings.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!Files.TryMakeDirectory(DirectoryOf(settings, id), 0x1c0)) throw new UsageException($"container {id} exists already");
    }

    public void Save(RuntimeSettings settings)
    {
        var path = Path.Combine(DirectoryOf(settings, Id), "state.json");
        using (var file = File.Create(path + ".new"))
        using (var json = new Utf8JsonWriter(file)) Write(json);
        File.Move(path + ".new", path, overwrite: true);
    }

    public static void Forget(RuntimeSettings settings, string id)
    {
        try { Directory.Delete(DirectoryOf(settings, id), recursive: true); }
        catch (DirectoryNotFoundException) { }
    }

    /// <summary>created, running, paused or stopped.</summary>
    public string Status(RuntimeSettings settings)
    {
        if (ProcessTimes.StartTime(Pid) != StartTime) return "stopped";
        if (File.Exists(GateOf(settings, Id))) return "created";
        return Cgroup.At(CgroupPath).IsFrozen ? "paused" : "running";
    }

    public RuntimeState Describe(RuntimeSettings settings)
    {
        var status = Status(settings);
        return new RuntimeState { Id = Id, Status = status, Pid = status == "stopped" ? 0 : Pid, Bundle = Bundle, Annotations = Annotations };
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteNumber("pid", Pid);
        json.WriteNumber("startTime", StartTime);
        json.WriteString("bundle", Bundle);
        json.WriteString("cgroupPath", CgroupPath);
        json.WriteString("created", Created.ToString("O"));
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
                case "cgroupPath": state.CgroupPath = json.Text(); break;
                case "created": state.Created = DateTimeOffset.Parse(json.Text()); break;
                case "annotations": state.Annotations = json.TextMap(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return state;
    }
}
