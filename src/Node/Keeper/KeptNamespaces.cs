using Microsoft.Win32.SafeHandles;

namespace Yun.Node.Keeper;

/// <summary>A user namespace, and a network namespace that belongs to it. They last as long as these descriptors or a process in them.</summary>
public sealed record KeptNamespaces(SafeFileHandle User, SafeFileHandle? Network) : IDisposable
{
    public void Dispose()
    {
        User.Dispose();
        Network?.Dispose();
    }
}
