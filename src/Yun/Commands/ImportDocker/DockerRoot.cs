using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Commands.ImportDocker;

/// <summary>What lies in dockerd's data root (moby: image/fs_backend.go, layer/filestore.go, container/container.go, volume/local).</summary>
internal sealed class DockerRoot
{
    private static readonly string[] s_drivers = ["overlay2", "fuse-overlayfs", "vfs"];
    private readonly string _root, _driver;

    private DockerRoot(string root, string driver) => (_root, _driver) = (root, driver);

    public static DockerRoot Open(string root)
    {
        if (!Directory.Exists(root)) throw new FailureException($"{root}: no such folder");
        var images = Path.Combine(root, "image");
        var drivers = Directory.Exists(images) ? Directory.GetDirectories(images).Select(folder => Path.GetFileName(folder)!).ToList() : [];
        if (drivers.Find(driver => s_drivers.Contains(driver) && File.Exists(Path.Combine(images, driver, "repositories.json"))) is { } known) return new DockerRoot(root, known);
        throw new FailureException(drivers.Count > 0 ? $"the storage driver {string.Join(", ", drivers)} of {root} cannot be read; {string.Join(", ", s_drivers)} can"
            : $"{root} is no data root of dockerd with images of its own: those in containerd's store cannot be read, save and load them");
    }

    private string ImageFolder => Path.Combine(_root, "image", _driver);

    /// <summary>Hexadecimal ids of all images.</summary>
    public IEnumerable<string> ImageIds() => Names(Path.Combine(ImageFolder, "imagedb/content/sha256"));

    public byte[] ImageConfiguration(string id) => File.ReadAllBytes(Path.Combine(ImageFolder, "imagedb/content/sha256", id));

    /// <summary>Names with tags, by the image's id with its algorithm.</summary>
    public ILookup<string, string> Tags()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(ImageFolder, "repositories.json")));
        return json.RootElement.GetProperty("Repositories").EnumerateObject().SelectMany(repository => repository.Value.EnumerateObject())
            .Where(name => !name.Name.Contains('@', StringComparison.Ordinal)).Select(name => (Id: name.Value.GetString()!, name.Name)).ToList().ToLookup(name => name.Id, name => name.Name);
    }

    /// <summary>Writes a layer as the tar that it was.</summary>
    /// <param name="chain">Digests of the uncompressed layers up to this one, the lowest first.</param>
    public void WriteLayer(IReadOnlyList<string> chain, Stream tar)
    {
        var id = chain.Aggregate((below, layer) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{below} {layer}"))));
        var record = Path.Combine(ImageFolder, "layerdb/sha256", id["sha256:".Length..]);
        var cache = File.ReadAllText(Path.Combine(record, "cache-id")).Trim();
        var folder = _driver == "vfs" ? Path.Combine(_root, "vfs/dir", cache) : Path.Combine(_root, _driver, cache, "diff");
        using SafeFileHandle files = PathDescriptor.Open(null, folder, OpenFlags.ReadOnly | OpenFlags.Directory);
        TarSplit.Assemble(Path.Combine(record, "tar-split.json.gz"), files, tar);
    }

    public IEnumerable<string> Volumes() => Names(Path.Combine(_root, "volumes")).Where(name => Directory.Exists(VolumeContent(name)));

    public string VolumeContent(string name) => Path.Combine(_root, "volumes", name, "_data");

    /// <summary>What it is a mount of, when it is no plain folder; else null.</summary>
    public Dictionary<string, string>? VolumeOptions(string name)
    {
        var path = Path.Combine(_root, "volumes", name, "opts.json");
        if (!File.Exists(path)) return null;
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        // "MountType", "MountOpts", "MountDevice" and "Quota", in the words of a file that is written for nobody else.
        var options = new Dictionary<string, string>();
        foreach (var (field, option) in (ReadOnlySpan<(string, string)>)[("MountType", "type"), ("MountOpts", "o"), ("MountDevice", "device")])
            if (json.RootElement.TryGetProperty(field, out var value) && value.GetString() is { Length: > 0 } text) options[option] = text;
        return options.Count > 0 ? options : null;
    }

    /// <summary>Both files of each container: its own, and what depends on the host.</summary>
    public IEnumerable<(JsonDocument Container, JsonDocument Host)> Containers()
    {
        foreach (var id in Names(Path.Combine(_root, "containers")))
        {
            var (own, host) = (Path.Combine(_root, "containers", id, "config.v2.json"), Path.Combine(_root, "containers", id, "hostconfig.json"));
            if (File.Exists(own) && File.Exists(host)) yield return (JsonDocument.Parse(File.ReadAllBytes(own)), JsonDocument.Parse(File.ReadAllBytes(host)));
        }
    }

    private static IEnumerable<string> Names(string folder) => Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal) : [];
}
