using Yun.Linux;

namespace Yun.Runtime;

/// <summary>A container's process could not be started. The text is what runc would say, which clients look for words in.</summary>
public sealed class LaunchException(string step, Errno errno, string message, bool isProgramFault = false) : Exception(message)
{
    /// <summary>What was being done, such as "mount /proc".</summary>
    public string Step { get; } = step;

    public Errno Errno { get; } = errno;

    /// <summary>The container was ready, but its program could not be run: not there, not executable, not for this machine.</summary>
    public bool IsProgramFault { get; } = isProgramFault;
}
