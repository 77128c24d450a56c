using Yun.Node.Containers.Spec;
using Yun.Node.Containers.UserIds;

namespace Yun.Node.Containers;

/// <summary>What containers get that do not say: Docker's values, or those that the daemon was told.</summary>
public sealed record ContainerPolicy
{
    /// <summary>The security profile: docker or strict.</summary>
    public string Profile { get; init; } = SecurityProfile.Docker;

    /// <summary>The user namespace's ids that all containers share; null for none.</summary>
    public UserNamespace? UserRemap { get; init; }

    /// <summary>Where containers of the profile strict get their ids from.</summary>
    public IdRange UserIds { get; init; } = IdRange.Default;

    /// <summary>An init before every container's program.</summary>
    public bool Init { get; init; }

    public IReadOnlyList<Ulimit> Ulimits { get; init; } = [];
    public long ShmSizeBytes { get; init; } = ContainerDefaults.ShmSizeBytes;

    /// <summary>private or shareable.</summary>
    public string IpcMode { get; init; } = "private";

    /// <summary>private or host; null follows the machine's cgroups, as Docker does.</summary>
    public string? CgroupnsMode { get; init; }

    public string? CgroupParent { get; init; }
    public bool NoNewPrivileges { get; init; }

    /// <summary>A profile in Docker's JSON, or <c>unconfined</c>; null for Docker's own.</summary>
    public string? SeccompProfile { get; init; }

    /// <summary>Where vendors' files of the Container Device Interface are.</summary>
    public IReadOnlyList<string> CdiDirectories { get; init; } = CdiDefaults;

    public static IReadOnlyList<string> CdiDefaults => Devices.CdiDevices.DefaultDirectories;

    public static IReadOnlyList<string> LogDrivers => LogSettings.Drivers;

    /// <summary>A container that names another driver gets none of its options.</summary>
    public LogConfig Log { get; init; } = new() { Type = "json-file" };
}
