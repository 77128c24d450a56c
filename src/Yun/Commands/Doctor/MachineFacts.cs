using Yun.Linux;

namespace Yun.Commands.Doctor;

/// <summary>What the checks go by, read from the machine by <see cref="MachineProbe"/>. What only root can see is null for others.</summary>
public sealed record MachineFacts
{
    public required string KernelRelease { get; init; }
    public required Version Kernel { get; init; }
    public required bool IsRoot { get; init; }
    public required bool HasSysAdmin { get; init; }
    public required CgroupFacts Cgroups { get; init; }
    public FirewallFacts? Firewall { get; init; }
    /// <summary>Null where the kernel does not say.</summary>
    public bool? ForwardsPackets { get; init; }
    public required DataRootFacts DataRoot { get; init; }
    public required bool ClockIsSynchronized { get; init; }
    public required DaemonFacts Daemon { get; init; }
    public required string KeeperSocket { get; init; }
    public required bool KeeperListens { get; init; }
    /// <summary>Null where there is no systemd.</summary>
    public IReadOnlyList<UnitFacts>? Units { get; init; }
    public required IReadOnlyList<OptionalProgram> MissingPrograms { get; init; }
    public required bool CanUseKvm { get; init; }
}

/// <param name="Layout"><c>v1</c>, <c>v2</c> or <c>hybrid</c>; null when none is mounted.</param>
public sealed record CgroupFacts(string? Layout, IReadOnlyCollection<string> Controllers);

/// <param name="Failure">Why rules cannot be made, in nftables' words.</param>
/// <param name="Obstacles">Firewalls that may drop what containers send.</param>
public sealed record FirewallFacts(string? Failure, IReadOnlyList<string> Obstacles);

/// <param name="OverlayFailure">Why a container's changes cannot be there; null when they can, or when that was not tried.</param>
public sealed record DataRootFacts(string Path, string FileSystem, FileSystemRoom Room, bool OverlayWasTried, string? OverlayFailure);

/// <param name="Version">The daemon's, when it answers.</param>
/// <param name="Failure">Why not, when it does not.</param>
/// <param name="IsDenied">There is one, for others than this user.</param>
public sealed record DaemonFacts(string Address, string? Version, string? Failure, bool IsDenied)
{
    public bool Answers => Version is not null;
}

/// <summary>A unit, in systemd's words.</summary>
public sealed record UnitFacts(string Name, string LoadState, string ActiveState, string UnitFileState);
