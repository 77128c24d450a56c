using System.Text.RegularExpressions;
using Yun.Linux;
using Yun.Node.Containers.Devices;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>Which devices a container has, and what its cgroup lets it do with which: Docker's defaults, <c>--device</c>, <c>--device-cgroup-rule</c>, <c>--privileged</c>.</summary>
public static partial class DeviceAccess
{
    private const string Full = "rwm";

    // Docker's list: all is denied, then null, zero, urandom, random, tty and console are allowed, and fuse explicitly is not.
    private static readonly (bool Allow, long Major, long Minor)[] s_defaults =
        [(true, 1, 5), (true, 1, 3), (true, 1, 9), (true, 1, 8), (true, 5, 0), (true, 5, 1), (false, 10, 229)];

    public static (List<SpecDevice> Nodes, List<SpecDeviceRule> Rules) Of(HostConfig host)
    {
        // Of the drivers, the Container Device Interface is one of files, done when the rest of the spec stands.
        if (host.DeviceRequests?.Find(request => request.Driver != CdiDevices.Driver) is { } request)
            throw new EngineException(ErrorKind.InvalidArgument, $"could not select device driver \"{request.Driver}\" with capabilities: [{string.Join(' ', (request.Capabilities ?? []).Select(c => $"[{string.Join(' ', c)}]"))}]");
        if (host.Privileged)
            return ([.. HostDevices("/dev").Select(d => Node(d, d.Path))], [new SpecDeviceRule { Allow = true, Access = Full }]);
        var nodes = new List<SpecDevice>();
        var rules = new List<SpecDeviceRule> { new() { Allow = false, Access = Full } };
        rules.AddRange(s_defaults.Select(d => new SpecDeviceRule { Allow = d.Allow, Type = "c", Major = d.Major, Minor = d.Minor, Access = Full }));
        foreach (var mapping in host.Devices ?? []) Add(mapping, nodes, rules);
        foreach (var rule in host.DeviceCgroupRules ?? []) rules.Add(ParseRule(rule));
        return (nodes, rules);
    }

    /// <exception cref="EngineException">The rule is not like <c>c 1:3 rwm</c>.</exception>
    public static SpecDeviceRule ParseRule(string text)
    {
        var match = RuleText().Match(text);
        if (!match.Success) throw new EngineException(ErrorKind.InvalidArgument, $"invalid device cgroup rule format: '{text}'");
        return new SpecDeviceRule { Allow = true, Type = match.Groups[1].Value, Major = Number(match.Groups[2].Value), Minor = Number(match.Groups[3].Value), Access = match.Groups[4].Value };
    }

    private static long? Number(string text) => text == "*" ? null : long.Parse(text);

    private static void Add(DeviceMapping mapping, List<SpecDevice> nodes, List<SpecDeviceRule> rules)
    {
        var access = mapping.CgroupPermissions is { Length: > 0 } given ? given : Full;
        var inside = mapping.PathInContainer is { Length: > 0 } path ? path : mapping.PathOnHost;
        // A directory stands for all devices in it, such as /dev/snd.
        var found = Directory.Exists(mapping.PathOnHost)
            ? HostDevices(mapping.PathOnHost).Select(d => (Device: d, Inside: inside + d.Path[mapping.PathOnHost.TrimEnd('/').Length..]))
            : DeviceNode.TryRead(mapping.PathOnHost) is { } one ? [(one, inside)] : [];
        var any = false;
        foreach (var (device, target) in found)
        {
            any = true;
            nodes.RemoveAll(n => n.Path == target);
            nodes.Add(Node(device, target));
            rules.Add(new SpecDeviceRule { Allow = true, Type = device.Type.ToString(), Major = device.Major, Minor = device.Minor, Access = access });
        }
        if (any) return;
        throw new EngineException(ErrorKind.InvalidArgument, File.Exists(mapping.PathOnHost) || Directory.Exists(mapping.PathOnHost)
            ? $"error gathering device information while adding custom device \"{mapping.PathOnHost}\": not a device node"
            : $"error gathering device information while adding custom device \"{mapping.PathOnHost}\": no such file or directory");
    }

    private static SpecDevice Node(DeviceNode device, string path) =>
        new() { Path = path, Type = device.Type.ToString(), Major = device.Major, Minor = device.Minor, FileMode = device.Mode, Uid = device.Uid, Gid = device.Gid };

    /// <summary>All devices below a directory, without those that a container has of its own.</summary>
    private static IEnumerable<DeviceNode> HostDevices(string directory)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(directory).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (new FileInfo(path).LinkTarget is not null) continue;
            if (Directory.Exists(path))
            {
                if (name is "pts" or "shm" or "fd" or "mqueue" or ".lxc" or ".lxd-mounts" or ".udev") continue;
                foreach (var below in HostDevices(path)) yield return below;
            }
            else if (name is not ("console" or "ptmx") && DeviceNode.TryRead(path) is { } device)
            {
                yield return device;
            }
        }
    }

    [GeneratedRegex("^([acb]) ([0-9]+|\\*):([0-9]+|\\*) ([rwm]{1,3})$", RegexOptions.CultureInvariant)]
    private static partial Regex RuleText();
}
