using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>The platforms whose programs this machine runs: its own, and those that an emulator is registered for (binfmt_misc).</summary>
public static class RunnablePlatforms
{
    private const string Registered = "/proc/sys/fs/binfmt_misc", ThirtyTwoBitCalls = "/proc/sys/abi/vsyscall32";

    // By what QEMU's packages and images call their emulators.
    private static readonly (string Architecture, string Emulator)[] s_emulators =
    [
        ("amd64", "x86_64"), ("386", "i386"), ("arm64", "aarch64"), ("arm", "arm"), ("riscv64", "riscv64"), ("ppc64le", "ppc64le"), ("s390x", "s390x"), ("mips64le", "mips64el"), ("loong64", "loongarch64"),
    ];

    public static IReadOnlyList<Platform> All => [.. s_emulators.Select(known => new Platform { Os = "linux", Architecture = known.Architecture }.Normalized()).Where(CanRun).OrderBy(one => one.Architecture == Platform.Host.Architecture ? 0 : 1)];

    /// <summary>An image that does not say is believed to be this machine's.</summary>
    public static bool CanRun(Platform platform) => platform.Architecture.Length == 0 || platform.Os is "linux" or "" && (platform.Architecture == Platform.Host.Architecture
        || (platform.Architecture == "386" && Platform.Host.Architecture == "amd64" && File.Exists(ThirtyTwoBitCalls))
        || s_emulators.Any(known => known.Architecture == platform.Architecture && IsEmulated(known.Emulator)));

    // One that is not opened when it is registered (the flag F) would be looked for in the container, where it is not.
    private static bool IsEmulated(string emulator)
    {
        try
        {
            var lines = File.ReadAllLines($"{Registered}/qemu-{emulator}");
            return lines[0] == "enabled" && lines.Any(line => line.StartsWith("flags:", StringComparison.Ordinal) && line.Contains('F'));
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException) { return false; }
    }
}
