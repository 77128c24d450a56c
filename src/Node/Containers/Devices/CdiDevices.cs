using System.Text.Json;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Devices;

/// <summary>Devices by their names in the Container Device Interface, <c>--device vendor.com/class=name</c>: what their vendors' files say is done to the container's spec.</summary>
public static class CdiDevices
{
    public const string Driver = "cdi";

    /// <summary>Where the files are; what a later folder says of a device goes before an earlier one's.</summary>
    public static IReadOnlyList<string> DefaultDirectories { get; } = ["/etc/cdi", "/var/run/cdi"];

    /// <exception cref="EngineException">A device that no file has, or a file that cannot be read or asks for what cannot be.</exception>
    public static void Apply(RuntimeSpec spec, HostConfig host, IReadOnlyList<string> directories)
    {
        List<string> names = [.. (host.DeviceRequests ?? []).Where(request => request.Driver == Driver).SelectMany(request => request.DeviceIDs ?? []).Distinct()];
        if (names.Count == 0) return;
        var (files, faults) = Read(directories);
        var found = new List<(CdiFile File, CdiDevice Device)>();
        var missing = new List<string>();
        foreach (var name in names)
        {
            var at = name.LastIndexOf('=');
            var (kind, own) = at > 0 ? (name[..at], name[(at + 1)..]) : ("", name);
            if (files.Where(file => file.Kind == kind).Select(file => (File: file, Device: file.Devices?.Find(device => device.Name == own))).LastOrDefault(pair => pair.Device is not null) is { Device: { } device } pair) found.Add((pair.File, device));
            else missing.Add(name);
        }
        // Which file is damaged matters only to who misses something.
        if (missing.Count > 0) throw Failed($"unresolvable CDI devices {string.Join(", ", missing)}{string.Concat(faults.Select(fault => $"; {fault}"))}");
        foreach (var (_, device) in found) Edit(spec, device.ContainerEdits);
        foreach (var file in found.Select(pair => pair.File).Distinct()) Edit(spec, file.ContainerEdits);
    }

    private static (List<CdiFile> Files, List<string> Faults) Read(IReadOnlyList<string> directories)
    {
        var (files, faults) = (new List<CdiFile>(), new List<string>());
        foreach (var path in directories.Where(Directory.Exists).SelectMany(directory => Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)))
        {
            var isYaml = path.EndsWith(".yaml", StringComparison.Ordinal);
            if (!isYaml && !path.EndsWith(".json", StringComparison.Ordinal)) continue;
            try
            {
                using var content = File.OpenText(path);
                var json = isYaml ? YamlDocument.ToJson(content) : System.Text.Encoding.UTF8.GetBytes(content.ReadToEnd());
                files.Add(JsonSerializer.Deserialize(json, CdiJson.Default.CdiFile) ?? throw new JsonException("it is empty"));
            }
            catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException) { faults.Add($"{path} cannot be read: {error.Message}"); }
        }
        return (files, faults);
    }

    private static void Edit(RuntimeSpec spec, CdiEdits? edits)
    {
        if (edits is null) return;
        var (process, linux) = (spec.Process!, spec.Linux!);
        foreach (var variable in edits.Env ?? [])
        {
            process.Env ??= [];
            process.Env.RemoveAll(other => other.StartsWith(variable.Split('=')[0] + "=", StringComparison.Ordinal));
            process.Env.Add(variable);
        }
        foreach (var node in edits.DeviceNodes ?? []) Add(linux, node);
        foreach (var mount in edits.Mounts ?? [])
        {
            spec.Mounts ??= [];
            spec.Mounts.RemoveAll(other => other.Destination == mount.ContainerPath);
            spec.Mounts.Add(new SpecMount { Source = mount.HostPath, Destination = mount.ContainerPath, Type = mount.Type ?? "bind", Options = mount.Options is { Count: > 0 } options ? options : ["ro", "nosuid", "nodev", "bind"] });
        }
        foreach (var hook in edits.Hooks ?? []) Add(spec, hook);
        if (edits.AdditionalGids is { Count: > 0 } groups) (process.User ??= new SpecUser()).AdditionalGids = [.. (process.User.AdditionalGids ?? []).Union(groups)];
    }

    private static void Add(SpecLinux linux, CdiNode node)
    {
        var path = node.HostPath ?? node.Path;
        var device = DeviceNode.TryRead(path);
        if (device is null && node is not { Type: not null, Major: not null, Minor: not null }) throw Failed($"{path} is no device of this machine");
        var (type, major, minor) = (node.Type ?? device!.Type.ToString(), node.Major ?? device!.Major, node.Minor ?? device!.Minor);
        linux.Devices ??= [];
        linux.Devices.RemoveAll(other => other.Path == node.Path);
        linux.Devices.Add(new SpecDevice { Path = node.Path, Type = type, Major = major, Minor = minor, FileMode = node.FileMode ?? device?.Mode, Uid = node.Uid ?? device?.Uid, Gid = node.Gid ?? device?.Gid });
        ((linux.Resources ??= new SpecResources()).Devices ??= []).Add(new SpecDeviceRule { Allow = true, Type = type, Major = major, Minor = minor, Access = node.Permissions ?? "rwm" });
    }

    private static void Add(RuntimeSpec spec, CdiHook hook)
    {
        var hooks = spec.Hooks ??= new SpecHooks();
        var list = hook.HookName switch
        {
            "prestart" => hooks.Prestart ??= [],
            "createRuntime" => hooks.CreateRuntime ??= [],
            "createContainer" => hooks.CreateContainer ??= [],
            "startContainer" => hooks.StartContainer ??= [],
            "poststart" => hooks.Poststart ??= [],
            "poststop" => hooks.Poststop ??= [],
            var other => throw Failed($"there is no hook {other}"),
        };
        list.Add(new SpecHook { Path = hook.Path, Args = hook.Args, Env = hook.Env, Timeout = hook.Timeout });
    }

    private static EngineException Failed(string why) => new(ErrorKind.InvalidArgument, $"CDI device injection failed: {why}");
}
