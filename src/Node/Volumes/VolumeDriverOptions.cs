using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>
/// The options of Docker's local driver, which are those of mount(8): <c>type</c>, <c>device</c>, and <c>o</c> with commas; or <c>size</c> alone. A volume that has
/// them is not a directory of ours but what is mounted of them: a tmpfs, a remote file system, a device, a file with a file system in it.
/// </summary>
internal sealed class VolumeDriverOptions
{
    private static readonly Dictionary<string, MountAttributes> s_attributes = new()
    {
        ["ro"] = MountAttributes.ReadOnly, ["nosuid"] = MountAttributes.NoSuid, ["nodev"] = MountAttributes.NoDev, ["noexec"] = MountAttributes.NoExec,
        ["noatime"] = MountAttributes.NoAccessTime, ["nodiratime"] = MountAttributes.NoDirectoryAccessTime,
    };

    private readonly string _type;
    private readonly string _device;
    private readonly List<KeyValuePair<string, string?>> _data = [];
    private readonly MountAttributes _attributes;
    private readonly bool _bindsRecursively;

    private VolumeDriverOptions(string type, string device, string words)
    {
        (_type, _device) = (type, device);
        foreach (var word in words.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word is "bind" or "rbind") (IsBind, _bindsRecursively) = (true, word == "rbind");
            else if (s_attributes.TryGetValue(word, out var attribute)) _attributes |= attribute;
            else if (word is not ("rw" or "defaults" or "suid" or "dev" or "exec" or "relatime"))
                _data.Add(word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? new(word[..at], word[(at + 1)..]) : new(word, null));
        }
    }

    /// <summary>Shows a directory of the host; each mount of it is the same.</summary>
    public bool IsBind { get; }

    /// <summary>Of a volume that is a file of ours with a file system in it; null for others.</summary>
    public long? SizeBytes { get; private init; }

    /// <summary>Null when the volume is an ordinary directory.</summary>
    /// <exception cref="EngineException">400 in Docker's words.</exception>
    public static VolumeDriverOptions? Parse(IReadOnlyDictionary<string, string>? options)
    {
        if (options is not { Count: > 0 }) return null;
        foreach (var key in options.Keys)
            if (key is not ("type" or "device" or "o" or "size")) throw Wrong($"invalid option: \"{key}\"");
        if (options.TryGetValue("size", out var size))
            return options.Count == 1 ? new VolumeDriverOptions("", "", "") { SizeBytes = ByteSize.Parse(size) } : throw Wrong("a volume with a size is a file of its own: \"size\" cannot be used together with other options");
        foreach (var needed in (string[])["device", "type"])
            if (!options.TryGetValue(needed, out var value) || value.Length == 0) throw Wrong($"missing required option: \"{needed}\"");
        return new VolumeDriverOptions(options["type"], options["device"], options.GetValueOrDefault("o", ""));
    }

    /// <summary>A detached mount of it, owned by the caller.</summary>
    /// <param name="name">Where it will be attached.</param>
    /// <param name="imagePath">The file of a volume with a size.</param>
    public async Task<SafeFileHandle> MountAsync(string name, string imagePath, CancellationToken cancel)
    {
        try
        {
            if (SizeBytes is not null) return VolumeImage.Mount(imagePath);
            if (!IsBind && VolumeImage.IsFile(_device)) return VolumeImage.MountFile(_device, _type, _data.Where(option => option.Key != "loop"), _attributes);
            if (!IsBind)
                return MountTree.New(_type, [new("source", _device), .. await ResolvedAsync(cancel)], _attributes);
            var bind = MountTree.Clone(_device, _bindsRecursively);
            if (_attributes != MountAttributes.None) MountTree.Change(bind, _attributes, MountAttributes.None, MountPropagation.Unchanged, recursive: false);
            return bind;
        }
        catch (SyscallException error)
        {
            throw new EngineException(ErrorKind.Internal, $"failed to mount local volume: mount {(SizeBytes is null ? _device : imagePath)}:{name}: {error.Errno.Describe()}", error);
        }
    }

    // The kernel's NFS takes addresses only; mount(8) would have looked the name up.
    private async Task<List<KeyValuePair<string, string?>>> ResolvedAsync(CancellationToken cancel)
    {
        var data = new List<KeyValuePair<string, string?>>(_data);
        var at = data.FindIndex(option => option.Key == "addr");
        if (at < 0 || data[at].Value is not { } host || IPAddress.TryParse(host, out _)) return data;
        try
        {
            data[at] = new("addr", (await Dns.GetHostAddressesAsync(host, cancel))[0].ToString());
            return data;
        }
        catch (SocketException error)
        {
            throw new EngineException(ErrorKind.Internal, $"error resolving passed in network volume address: lookup {host}: {error.Message}", error);
        }
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}
