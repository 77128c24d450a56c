using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary><c>--mount type=bind,source=/a,target=/b,readonly</c>.</summary>
public static class MountArgument
{
    public static MountPoint Parse(string text)
    {
        var mount = new MountPoint { Type = "volume" };
        foreach (var field in SplitFields(text))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var key = (equals < 0 ? field : field[..equals]).ToLowerInvariant();
            var value = equals < 0 ? null : field[(equals + 1)..];
            if (value is null && key is not ("readonly" or "ro" or "volume-nocopy" or "bind-nonrecursive" or "bind-create-src"))
            {
                throw new FormatException($"invalid field '{field}' must be a key=value pair");
            }
            Set(mount, key, value ?? "true", field);
        }
        return Checked(mount);
    }

    private static void Set(MountPoint mount, string key, string value, string field)
    {
        switch (key)
        {
            case "type": mount.Type = value.ToLowerInvariant(); break;
            case "source" or "src": mount.Source = value.StartsWith("./", StringComparison.Ordinal) || value is "." or ".." || value.StartsWith("../", StringComparison.Ordinal) ? Path.GetFullPath(value) : value; break;
            case "target" or "dst" or "destination": mount.Target = value; break;
            case "readonly" or "ro": mount.ReadOnly = Truth(key, value); break;
            case "consistency": mount.Consistency = value.ToLowerInvariant(); break;
            case "bind-propagation": (mount.BindOptions ??= new()).Propagation = value.ToLowerInvariant(); break;
            case "bind-nonrecursive": (mount.BindOptions ??= new()).NonRecursive = Truth(key, value); break;
            case "bind-create-src": (mount.BindOptions ??= new()).CreateMountpoint = Truth(key, value); break;
            case "bind-recursive": SetRecursive(mount.BindOptions ??= new(), value); break;
            case "volume-nocopy": (mount.VolumeOptions ??= new()).NoCopy = Truth(key, value); break;
            case "volume-subpath": (mount.VolumeOptions ??= new()).Subpath = value; break;
            case "volume-label":
                var (label, text) = KeyValue.Parse(value);
                ((mount.VolumeOptions ??= new()).Labels ??= [])[label] = text;
                break;
            case "volume-driver": ((mount.VolumeOptions ??= new()).DriverConfig ??= new()).Name = value; break;
            case "volume-opt":
                var (option, setting) = KeyValue.Parse(value);
                (((mount.VolumeOptions ??= new()).DriverConfig ??= new()).Options ??= [])[option] = setting;
                break;
            case "image-subpath": (mount.ImageOptions ??= new()).Subpath = value; break;
            case "tmpfs-size": (mount.TmpfsOptions ??= new()).SizeBytes = HumanSize.ParseBinary(value); break;
            case "tmpfs-mode": (mount.TmpfsOptions ??= new()).Mode = Octal(key, value); break;
            default: throw new FormatException($"unexpected key '{key}' in '{field}'");
        }
    }

    private static void SetRecursive(BindOptions options, string value)
    {
        switch (value)
        {
            case "enabled": break;
            case "disabled": options.NonRecursive = true; break;
            case "writable": options.ReadOnlyNonRecursive = true; break;
            case "readonly": options.ReadOnlyForceRecursive = true; break;
            default: throw new FormatException($"invalid value for bind-recursive: {value} (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")");
        }
    }

    private static MountPoint Checked(MountPoint mount)
    {
        if (mount.Type.Length == 0) throw new FormatException("type is required");
        if (mount.Target.Length == 0) throw new FormatException("target is required");
        if (mount.VolumeOptions is not null && mount.Type != "volume") throw new FormatException($"cannot mix 'volume-*' options with mount type '{mount.Type}'");
        if (mount.ImageOptions is not null && mount.Type != "image") throw new FormatException($"cannot mix 'image-*' options with mount type '{mount.Type}'");
        if (mount.BindOptions is not null && mount.Type != "bind") throw new FormatException($"cannot mix 'bind-*' options with mount type '{mount.Type}'");
        if (mount.TmpfsOptions is not null && mount.Type != "tmpfs") throw new FormatException($"cannot mix 'tmpfs-*' options with mount type '{mount.Type}'");
        if (mount.BindOptions is { ReadOnlyNonRecursive: true } or { ReadOnlyForceRecursive: true } && !mount.ReadOnly)
        {
            throw new FormatException("option 'bind-recursive' requires 'readonly' to be specified in conjunction");
        }
        if (mount.BindOptions is { ReadOnlyForceRecursive: true, Propagation: not "rprivate" })
        {
            throw new FormatException("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction");
        }
        return mount;
    }

    // CSV: a field in double quotes may contain commas.
    private static List<string> SplitFields(string text)
    {
        List<string> fields = [];
        var start = 0;
        var quoted = false;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '"') quoted = !quoted;
            if (i < text.Length && (text[i] != ',' || quoted)) continue;
            fields.Add(text[start..i].Replace("\"", "", StringComparison.Ordinal));
            start = i + 1;
        }
        return fields;
    }

    private static bool Truth(string key, string value) => value switch
    {
        "1" or "t" or "true" or "True" or "TRUE" => true,
        "0" or "f" or "false" or "False" or "FALSE" => false,
        _ => throw new FormatException($"invalid value for {key}: {value}"),
    };

    private static uint Octal(string key, string value)
    {
        var mode = 0u;
        foreach (var digit in value)
        {
            if (digit is < '0' or > '7' || mode > 0x1FFF) throw new FormatException($"invalid value for {key}: {value}");
            mode = mode * 8 + (uint)(digit - '0');
        }
        return mode;
    }
}
