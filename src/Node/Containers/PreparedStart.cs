using System.Runtime.InteropServices;
using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>What the keeper is given to start a container, besides its root.</summary>
/// <param name="Mounts">Detached ones by destination.</param>
/// <param name="Own">The one of them that this made; it ends with this where it was not attached.</param>
internal sealed record PreparedStart(RuntimeSpec Spec, IReadOnlyDictionary<string, SafeHandle> Mounts, SafeHandle? Own = null) : IDisposable
{
    /// <summary>For a virtual machine that sees folders of this machine: what serves them, a path in its sandbox.</summary>
    public string? FileServer { get; init; }

    public void Dispose() => Own?.Dispose();
}
