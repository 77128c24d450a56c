using System.Runtime.InteropServices;

namespace Yun.Commands.Doctor;

/// <summary>A program that Yun does without until somebody asks for what it is for.</summary>
/// <param name="Names">Any of them will do.</param>
/// <param name="Package">As Debian and Ubuntu name it.</param>
public sealed record OptionalProgram(IReadOnlyList<string> Names, string Purpose, string Package)
{
    private static readonly string[] s_folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec/docker"];

    public static IReadOnlyList<OptionalProgram> All { get; } =
    [
        new(["mkfs.ext4"], "volumes of a size", "e2fsprogs"),
        new(["tini-static", "docker-init"], "containers with --init", "tini"),
        new(["criu"], "checkpoints", "criu"),
        .. RuntimeInformation.OSArchitecture != Architecture.X64 ? [] : (OptionalProgram[])
        [
            new(["qemu-system-x86_64"], "virtual machines", "qemu-system-x86"),
            new(["mkfs.erofs"], "virtual machines from images", "erofs-utils"),
        ],
    ];

    public bool IsInstalled => s_folders.Any(folder => Names.Any(name => File.Exists(Path.Combine(folder, name))));
}
