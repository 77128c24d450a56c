using Yun.Oci;

namespace Yun.Runtime;

/// <summary>What <see cref="ContainerLauncher"/> needs. Descriptors stay the caller's; -1 means none.</summary>
public sealed record LaunchRequest
{
    public required string Id { get; init; }
    public required RuntimeSpec Spec { get; init; }

    /// <summary>Standard input and output; without one, <c>/dev/null</c>. Not used when the process has a terminal.</summary>
    public int StdinFd { get; init; } = -1;
    public int StdoutFd { get; init; } = -1;
    public int StderrFd { get; init; } = -1;

    /// <summary>Detached mounts by destination; <c>/</c> is the root file system. They are consumed: attached nowhere else afterwards.</summary>
    public IReadOnlyDictionary<string, int> MountFds { get; init; } = new Dictionary<string, int>();

    public int NetworkNamespaceFd { get; init; } = -1;

    /// <summary>For exec: the pid of the container's first process, whose namespaces and cgroup the new one joins.</summary>
    public int? JoinPid { get; init; }

    /// <summary>For exec: the <c>cgroup.procs</c> to be written to instead of those of the container's cgroup.</summary>
    public IReadOnlyList<string>? CgroupFiles { get; init; }

    /// <summary>Whether a cgroup that may not be made or joined is done without. Where limits are asked for it is an error all the same.</summary>
    public bool IsRootless { get; init; }

    /// <summary>The folder that relative paths of the spec are relative to.</summary>
    public string Bundle { get; init; } = "/";

    /// <summary>Read for one byte by the child just before it becomes the program; how <c>create</c> waits for <c>start</c>.</summary>
    public int StartGateFd { get; init; } = -1;

    /// <summary>Descriptors from 3 on that the program keeps.</summary>
    public int PreservedFds { get; init; }

    /// <summary>Whether the process gets a session keyring of its own.</summary>
    public bool NewKeyring { get; init; } = true;

    /// <summary>Moves the root over the host's instead of exchanging the two: for machines whose root is the initial RAM disk, which cannot be exchanged.</summary>
    public bool NoPivot { get; init; }

    /// <summary>After this the child is killed and the launch fails. A start takes milliseconds; what takes longer hangs in the kernel or a file system.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(60);
}
