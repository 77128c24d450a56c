namespace Yun.Node.Machines;

/// <summary>What a daemon's virtual machines have in common.</summary>
public sealed record MachineOptions
{
    // An emulated processor takes its time, most of all on a busy machine.
    private const int HardwareDeadlineSeconds = 15, EmulatedDeadlineSeconds = 60;

    /// <summary>A folder with QEMU and what else virtual machines need, laid over /usr; null for what the machine has installed.</summary>
    public string? Tools { get; init; }

    /// <summary>Machines from images whose label does not say otherwise go on from a template that has booted, instead of booting (<see cref="MachineLabels.WarmStart"/>).</summary>
    public bool StartsWarm { get; init; }

    /// <summary>
    /// The kernel may keep what machines have alike in memory once (KSM). By how long a write takes, a guest can then find out what other guests hold: not for guests that do not trust each other.
    /// </summary>
    public bool MergesMemory { get; init; }

    /// <summary>How long a guest may take to say hello; one that takes longer is started again, once.</summary>
    public int BootDeadlineSeconds { get; init; } = ImageMachines.HasKvm ? HardwareDeadlineSeconds : EmulatedDeadlineSeconds;
}
