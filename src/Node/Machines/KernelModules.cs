using System.Text;
using Yun.Archives;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <param name="Name">As other modules call it.</param>
/// <param name="Content">Not compressed.</param>
public sealed record KernelModule(string Name, byte[] Content);

/// <summary>Those modules of a kernel that a virtual machine made from an image needs, each after the ones it needs itself.</summary>
public static class KernelModules
{
    private static readonly string[] s_wanted = ["virtio_mmio", "virtio_pci", "virtio_console", "virtio_blk", "virtio_net", "virtio_balloon", "pvpanic_mmio", "virtiofs", "erofs", "ext4", "overlay"];

    /// <summary>Without these the machine could not be spoken to, or has no root.</summary>
    private static readonly string[] s_needed = ["virtio_mmio", "virtio_console", "virtio_blk", "erofs", "ext4", "overlay"];

    /// <param name="folder">A kernel's folder below lib/modules.</param>
    /// <exception cref="EngineException">InvalidArgument: it lacks one that is needed.</exception>
    public static IReadOnlyList<KernelModule> Choose(string folder)
    {
        var files = new Dictionary<string, string>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.ko*", SearchOption.AllDirectories)) files.TryAdd(NameOf(Path.GetFileName(path)), path);
        var builtIn = File.Exists(Path.Combine(folder, "modules.builtin")) ? File.ReadLines(Path.Combine(folder, "modules.builtin")).Select(line => NameOf(Path.GetFileName(line))).ToHashSet() : [];
        var chosen = new List<KernelModule>();
        foreach (var name in s_wanted)
        {
            if (files.ContainsKey(name)) Add(name, files, chosen);
            else if (!builtIn.Contains(name) && s_needed.Contains(name)) throw new EngineException(ErrorKind.InvalidArgument, $"The kernel cannot be used: it has no {name}, as a module or built in.");
        }
        return chosen;
    }

    private static void Add(string name, Dictionary<string, string> files, List<KernelModule> chosen)
    {
        if (chosen.Exists(module => module.Name == name) || !files.TryGetValue(name, out var path)) return;
        using var plain = Compression.Open(File.OpenRead(path), out _);
        using var content = new MemoryStream();
        plain.CopyTo(content);
        var module = new KernelModule(name, content.ToArray());
        foreach (var needed in NeedsOf(module.Content)) Add(needed, files, chosen);
        chosen.Add(module);
    }

    /// <summary>From the module's own words, of which each ends with a zero: <c>depends=virtio,virtio_ring</c>.</summary>
    private static string[] NeedsOf(ReadOnlySpan<byte> module)
    {
        var at = module.IndexOf("\0depends="u8);
        if (at < 0) return [];
        var words = module[(at + "\0depends=".Length)..];
        return Encoding.ASCII.GetString(words[..words.IndexOf((byte)0)]).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(NameOf).ToArray();
    }

    private static string NameOf(string file) => file.Split(".ko")[0].Replace('-', '_');
}
