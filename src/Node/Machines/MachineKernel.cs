using Yun.Archives;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>What a machine starts from, each a file.</summary>
public sealed record BootFiles(string Kernel, string InitialRoot);

/// <summary>The kernel of machines that are made from images: kept under <c>machines/kernel</c> of the data root, replaced as a whole.</summary>
public sealed class MachineKernel
{
    private const string ReleaseFile = "release", KernelFileName = "vmlinux", ModulesFolder = "modules", OrderFile = "order";
    private const long PackageBytesMax = 4L << 30;

    private readonly string _folder, _guestPath;
    private readonly Lock _building = new();

    /// <param name="folder">The data root's <c>machines</c>.</param>
    /// <param name="guestPath">The yun-guest program.</param>
    public MachineKernel(string folder, string guestPath) => (_folder, _guestPath) = (folder, guestPath);

    private string Installed => Path.Combine(_folder, "kernel");

    /// <summary>As <c>uname -r</c> says it in the machine.</summary>
    /// <exception cref="EngineException">NotFound: none is installed.</exception>
    public string Release => File.Exists(Path.Combine(Installed, ReleaseFile)) ? File.ReadAllText(Path.Combine(Installed, ReleaseFile))
        : throw new EngineException(ErrorKind.NotFound, "no kernel for virtual machines is installed: run 'yun machine kernel install'");

    /// <summary>Installs one from a distribution's package, or anything like it: a tar with <c>boot/vmlinuz-RELEASE</c> and <c>lib/modules/RELEASE</c>. Gives its release.</summary>
    /// <exception cref="EngineException">InvalidArgument: there is no kernel in it that machines could use. What was installed before is still there then.</exception>
    public async Task<string> InstallAsync(Stream tar, CancellationToken cancel = default)
    {
        var work = Path.Combine(_folder, $"kernel.{Guid.NewGuid():N}");
        var (package, draft) = (Path.Combine(work, "package"), Path.Combine(work, "kernel"));
        Directory.CreateDirectory(package);
        try
        {
            using (var root = PathDescriptor.Open(null, package, OpenFlags.ReadOnly | OpenFlags.Directory))
                await ArchiveExtractor.ExtractAsync(tar, root, new ExtractionOptions { Devices = false, Owners = false, BytesMax = PackageBytesMax }, cancel);
            var release = Prepare(package, draft);
            lock (_building)
            {
                if (Directory.Exists(Installed)) Directory.Move(Installed, Path.Combine(work, "before"));
                Directory.Move(draft, Installed);
            }
            return release;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static string Prepare(string package, string draft)
    {
        var modules = new[] { "lib/modules", "usr/lib/modules" }.Select(path => Path.Combine(package, path)).FirstOrDefault(Directory.Exists) is { } below ? Directory.GetDirectories(below) : [];
        if (modules is not [var folder]) throw new EngineException(ErrorKind.InvalidArgument, $"The package has the modules of {modules.Length} kernels below lib/modules; it must be of one.");
        var release = Path.GetFileName(folder);
        var image = new[] { $"boot/vmlinuz-{release}", $"lib/modules/{release}/vmlinuz", $"usr/lib/modules/{release}/vmlinuz", "vmlinuz" }.Select(path => Path.Combine(package, path)).FirstOrDefault(File.Exists)
            ?? throw new EngineException(ErrorKind.InvalidArgument, $"The package has no boot/vmlinuz-{release}.");
        Directory.CreateDirectory(Path.Combine(draft, ModulesFolder));
        File.WriteAllBytes(Path.Combine(draft, KernelFileName), KernelImage.Unpack(File.ReadAllBytes(image)));
        var chosen = KernelModules.Choose(folder);
        foreach (var module in chosen) File.WriteAllBytes(Path.Combine(draft, ModulesFolder, module.Name + ".ko"), module.Content);
        File.WriteAllLines(Path.Combine(draft, ModulesFolder, OrderFile), chosen.Select(module => module.Name + ".ko"));
        File.WriteAllText(Path.Combine(draft, ReleaseFile), release);
        return release;
    }

    /// <summary>It learns of disks and network cards by modules, and so not before it is let to.</summary>
    public bool FindsDisksLate => File.Exists(Path.Combine(Installed, ModulesFolder, "virtio_blk.ko")) && File.Exists(Path.Combine(Installed, ModulesFolder, "virtio_net.ko"));

    /// <summary>Kernel and first root. That is made when it is first needed, and anew when another yun-guest has come.</summary>
    /// <exception cref="EngineException">NotFound: no kernel is installed, or there is no yun-guest beside the runtime.</exception>
    public BootFiles Open()
    {
        _ = Release;
        var guest = new FileInfo(_guestPath);
        if (!guest.Exists) throw new EngineException(ErrorKind.NotFound, $"{_guestPath} is missing: it is installed with yun-runtime");
        var path = Path.Combine(Installed, $"initrd-{guest.LastWriteTimeUtc.Ticks:x}-{guest.Length:x}");
        lock (_building)
        {
            if (!File.Exists(path)) Build(path);
        }
        return new BootFiles(Path.Combine(Installed, KernelFileName), path);
    }

    private void Build(string path)
    {
        foreach (var old in Directory.EnumerateFiles(Installed, "initrd-*")) File.Delete(old);
        var draft = path + ".part";
        using (var archive = File.Create(draft))
        {
            var cpio = new CpioWriter(archive);
            foreach (var directory in (string[])["dev", "proc", "sys", "run", "modules", "image", "changes"]) cpio.WriteDirectory(directory);
            // Where the first process's words go until it has a /dev of its own.
            cpio.WriteCharacterDevice("dev/console", 5, 1);
            cpio.WriteFile("init", File.ReadAllBytes(_guestPath));
            foreach (var module in Directory.EnumerateFiles(Path.Combine(Installed, ModulesFolder)).Order(StringComparer.Ordinal)) cpio.WriteFile($"modules/{Path.GetFileName(module)}", File.ReadAllBytes(module), 0x1A4);
            cpio.Finish();
        }
        File.Move(draft, path);
    }
}
