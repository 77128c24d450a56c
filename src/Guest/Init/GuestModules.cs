using Yun.Linux;

namespace Yun.Guest.Init;

/// <summary>
/// The kernel's modules, in two parts: what a machine boots with, and what looks at its disks and network cards. Those two come when the machine is told what it is to be,
/// since until then it may be the template of others, which have other disks and cards.
/// </summary>
internal static class GuestModules
{
    private static readonly string[] s_late = ["virtio_blk.ko", "virtio_net.ko"];

    public static void LoadEarly() => Load(late: false);

    public static void LoadLate() => Load(late: true);

    // In the order that the image's maker has found: each after those it needs.
    private static void Load(bool late)
    {
        foreach (var name in KernelFile.Read("/modules/order").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Array.IndexOf(s_late, name) >= 0 != late) continue;
            using var module = PathDescriptor.Open(null, $"/modules/{name}", OpenFlags.ReadOnly | OpenFlags.CloseOnExec);
            BootedMachine.LoadModule(module, name);
        }
    }
}
