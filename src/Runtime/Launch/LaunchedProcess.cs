using Microsoft.Win32.SafeHandles;

namespace Yun.Runtime;

/// <summary>A started process: a child of the caller, who must wait for it and owns the handles.</summary>
public sealed record LaunchedProcess(int Pid, SafeFileHandle PidFd, SafeFileHandle? Terminal) : IDisposable
{
    public void Dispose()
    {
        PidFd.Dispose();
        Terminal?.Dispose();
    }
}
