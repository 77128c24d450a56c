using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime;

/// <summary>setns(2) with a PID namespace decides only where the calling thread's next children are; this puts the thread back afterwards.</summary>
internal sealed class PidNamespace : IDisposable
{
    private readonly SafeFileHandle _own;

    private PidNamespace(SafeFileHandle own) => _own = own;

    public static PidNamespace Enter(string path)
    {
        var own = PathDescriptor.Open(null, "/proc/thread-self/ns/pid", OpenFlags.ReadOnly);
        using var target = PathDescriptor.Open(null, path, OpenFlags.ReadOnly);
        Namespaces.Join(target, CloneFlags.NewPid);
        return new PidNamespace(own);
    }

    public void Dispose()
    {
        Namespaces.Join(_own, CloneFlags.NewPid);
        _own.Dispose();
    }
}
