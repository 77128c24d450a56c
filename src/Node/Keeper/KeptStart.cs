using System.Runtime.InteropServices;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Keeper;

/// <param name="RuntimePath">The <c>yun-runtime</c> program.</param>
/// <param name="SocketPath">Where the keeper listens; its lock lies beside it.</param>
/// <param name="ExecRoot">A directory of mode 0700 that lasts until the machine restarts; the keeper writes <c>keeper.log</c> there.</param>
public sealed record KeeperOptions(string RuntimePath, string SocketPath, string ExecRoot)
{
    /// <summary>How long a keeper may take to answer after it was started: the machine may be very busy.</summary>
    public TimeSpan StartDeadline { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>What it has to say to the person who runs the machine.</summary>
    public string LogPath => Path.Combine(ExecRoot, "keeper.log");
}

/// <summary>A process to be started and kept.</summary>
/// <param name="ProcessId">Unique among what is kept: the container's id, or the exec's.</param>
/// <param name="Spec">For an exec, the container's with the exec's <c>process</c>.</param>
public sealed record KeptStart(string ProcessId, string ContainerId, RuntimeSpec Spec)
{
    /// <summary>Joins the running container instead of making it.</summary>
    public bool Exec { get; set; }

    /// <summary>The one that the spec's user namespace is; it stays the caller's.</summary>
    public SafeHandle? UserNamespace { get; set; }

    /// <summary>Null writes no log.</summary>
    public KeeperLog? Log { get; set; }

    /// <summary>Where the exit is recorded; null (an exec, a container that is removed when it ends) records none.</summary>
    public string? ExitPath { get; set; }

    /// <summary>Standard input is a pipe or the terminal; otherwise it is /dev/null.</summary>
    public bool OpenStdin { get; set; }

    /// <summary>Standard input ends when the first attached client's does. Always so for an exec, in Docker.</summary>
    public bool StdinOnce { get; set; }
}
