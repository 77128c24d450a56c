using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>The programs that virtual machines need: QEMU, and mkfs.erofs for their roots.</summary>
/// <param name="overlay">A folder with bin, lib and share that is laid over /usr, for programs that are unpacked and not installed; null for what is installed.</param>
public sealed class MachineTools(string? overlay)
{
    /// <summary>Where QEMU is in a sandbox, and where the machine or the overlay must have it.</summary>
    public const string QemuPath = "/usr/bin/qemu-system-x86_64";

    /// <summary>Its path on this machine.</summary>
    /// <exception cref="EngineException">NotFound, with what to install.</exception>
    public string RequireQemu() => Find("bin/qemu-system-x86_64")
        ?? throw new EngineException(ErrorKind.NotFound, $"virtual machines need {QemuPath}, which this machine does not have: install qemu-system-x86");

    /// <summary>Where a sandbox has virtiofsd: the one that QEMU came with up to version 7.</summary>
    /// <exception cref="EngineException">NotFound, with what to install.</exception>
    public string RequireFileServer() => Find("lib/qemu/virtiofsd") is not null ? "/usr/lib/qemu/virtiofsd"
        : throw new EngineException(ErrorKind.NotFound, "volumes of virtual machines need /usr/lib/qemu/virtiofsd, which this machine does not have: it comes with QEMU up to version 7");

    /// <summary>UEFI for machines: the code, as a sandbox sees it, and the variables that a new machine begins with, a path here.</summary>
    /// <exception cref="EngineException">NotFound, with what to install.</exception>
    public (string Code, string Variables) RequireUefi() => Find("share/OVMF/OVMF_VARS_4M.fd") is { } variables ? ("/usr/share/OVMF/OVMF_CODE_4M.fd", variables)
        : throw new EngineException(ErrorKind.NotFound, "UEFI for virtual machines needs /usr/share/OVMF/OVMF_CODE_4M.fd, which this machine does not have: install ovmf");

    /// <summary>A detached, read-only mount of /usr as a sandbox sees it; owned by the caller.</summary>
    public SafeFileHandle MountUsr() => Overlay.Mount(overlay is null ? ["/usr"] : [overlay, "/usr"], null, null);

    /// <summary>Packs a directory tree as an EROFS image, for the kernel to read without unpacking.</summary>
    /// <param name="tree">A detached mount.</param>
    /// <param name="place">An empty directory, where mkfs.erofs alone sees it.</param>
    /// <exception cref="EngineException">NotFound: mkfs.erofs is missing. Internal: it failed; its own words are in the text.</exception>
    public void MakeErofs(SafeFileHandle tree, string place, string image)
    {
        const string missing = "virtual machines need mkfs.erofs, which this machine does not have: install erofs-utils";
        var program = Find("bin/mkfs.erofs") ?? throw new EngineException(ErrorKind.NotFound, missing);
        var start = new ProcessStartInfo(program, ["-zlz4", "--quiet", image, place]);
        if (overlay is not null) start.Environment["LD_LIBRARY_PATH"] = Path.Combine(overlay, "lib", "x86_64-linux-gnu");
        MountNamespace.RunWith(tree, place, () => HostProgram.Run(start, "The disk of the image cannot be made", missing));
    }

    private string? Find(string path) => (overlay is null ? (string[])["/usr", "/usr/local"] : [overlay, "/usr"]).Select(folder => Path.Combine(folder, path)).FirstOrDefault(File.Exists);
}
