using Yun.Linux;

namespace Yun.Runtime.Compile;

/// <summary>A mount's options sorted by who takes them: the mount, its propagation, or the file system (runtime-spec, config.md, "Linux mount options").</summary>
internal sealed class MountOptions
{
    private static readonly Dictionary<string, (MountAttributes Set, MountAttributes Clear)> s_attributes = new()
    {
        ["ro"] = (MountAttributes.ReadOnly, 0), ["rw"] = (0, MountAttributes.ReadOnly),
        ["nosuid"] = (MountAttributes.NoSuid, 0), ["suid"] = (0, MountAttributes.NoSuid),
        ["nodev"] = (MountAttributes.NoDev, 0), ["dev"] = (0, MountAttributes.NoDev),
        ["noexec"] = (MountAttributes.NoExec, 0), ["exec"] = (0, MountAttributes.NoExec),
        ["noatime"] = (MountAttributes.NoAccessTime, MountAttributes.AccessTime), ["relatime"] = (0, MountAttributes.AccessTime),
        ["strictatime"] = (MountAttributes.StrictAccessTime, MountAttributes.AccessTime), ["atime"] = (0, MountAttributes.AccessTime),
        ["nodiratime"] = (MountAttributes.NoDirectoryAccessTime, 0), ["diratime"] = (0, MountAttributes.NoDirectoryAccessTime),
        ["norelatime"] = (0, 0), ["nostrictatime"] = (0, MountAttributes.AccessTime),
        ["nosymfollow"] = (MountAttributes.NoSymlinkFollow, 0), ["symfollow"] = (0, MountAttributes.NoSymlinkFollow),
    };

    private static readonly Dictionary<string, MountPropagation> s_propagation = new()
    {
        ["private"] = MountPropagation.Private, ["slave"] = MountPropagation.Slave, ["shared"] = MountPropagation.Shared, ["unbindable"] = MountPropagation.Unbindable,
    };

    public MountAttributes Set { get; private set; }
    public MountAttributes Clear { get; private set; }
    public MountAttributes RecursiveSet { get; private set; }
    public MountAttributes RecursiveClear { get; private set; }
    public MountPropagation Propagation { get; private set; }
    public bool PropagationIsRecursive { get; private set; }
    public bool IsBind { get; private set; }
    public bool BindIsRecursive { get; private set; }
    public bool MapsIds { get; private set; }
    public bool MapsIdsBelow { get; private set; }
    public bool CopiesUp { get; private set; }
    public List<KeyValuePair<string, string?>> Data { get; } = [];

    /// <summary>Every option that is not a file system's own.</summary>
    public static string[] Names()
    {
        List<string> names = ["bind", "rbind", "idmap", "ridmap", "tmpcopyup", "defaults", "sync", "dirsync", "lazytime", "mand", "silent"];
        foreach (var (name, _) in s_attributes) { names.Add(name); names.Add("r" + name); }
        foreach (var (name, _) in s_propagation) { names.Add(name); names.Add("r" + name); }
        return [.. names];
    }

    public static MountOptions Parse(IEnumerable<string>? options, string field)
    {
        var parsed = new MountOptions();
        foreach (var option in options ?? []) parsed.Take(option, field);
        return parsed;
    }

    private void Take(string option, string field)
    {
        if (s_attributes.TryGetValue(option, out var attribute))
        {
            Set = (Set & ~attribute.Clear) | attribute.Set;
            Clear |= attribute.Clear; // mount_setattr(2) clears first, then sets.
        }
        else if (option.Length > 1 && option[0] == 'r' && s_attributes.TryGetValue(option[1..], out attribute))
        {
            RecursiveSet |= attribute.Set;
            RecursiveClear |= attribute.Clear;
        }
        else if (s_propagation.TryGetValue(option, out var propagation)) Propagation = propagation;
        else if (option.Length > 1 && option[0] == 'r' && s_propagation.TryGetValue(option[1..], out propagation)) (Propagation, PropagationIsRecursive) = (propagation, true);
        else if (option is "bind") IsBind = true;
        else if (option is "rbind") IsBind = BindIsRecursive = true;
        else if (option is "defaults" or "async" or "" or "loud" or "nomand" or "noiversion") { }
        else if (option is "idmap") MapsIds = true;
        else if (option is "ridmap") MapsIds = MapsIdsBelow = true;
        else if (option is "tmpcopyup") CopiesUp = true;
        else if (option is "copy-symlink" or "src-nofollow" or "dest-nofollow") throw new SpecException(field, $"the mount option '{option}' is not supported");
        else if (option is "sync" or "dirsync" or "mand" or "lazytime" or "silent") Data.Add(new(option, null));
        else Data.Add(option.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? new(option[..at], option[(at + 1)..]) : new(option, null));
    }
}
