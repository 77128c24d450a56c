namespace Yun.Linux;

/// <summary>A system call failed. The text names the call, what it was called on, and the kernel's reason.</summary>
public sealed class SyscallException(string call, Errno errno, string? target = null)
    : Exception(target is null ? $"{call}: {errno.Describe()}" : $"{call} {target}: {errno.Describe()}")
{
    public string Call { get; } = call;
    public Errno Errno { get; } = errno;
    public string? Target { get; } = target;
}
