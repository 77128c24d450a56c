using System.Runtime.InteropServices;
using Yun.Node.Networks;
using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>What the keeper is given to start a container; mounts that it did not attach end with this.</summary>
/// <param name="Mounts">Detached ones by destination, besides the root.</param>
internal sealed record PreparedStart(RuntimeSpec Spec, SafeHandle Root, IReadOnlyDictionary<string, SafeHandle> Mounts, Sandbox Sandbox) : IDisposable
{
    /// <summary>What the mounts need for as long as they are not attached.</summary>
    public IReadOnlyList<IDisposable?> Owned { get; init; } = [];

    /// <summary>For a virtual machine that sees folders of this machine: what serves them, a path in its sandbox.</summary>
    public string? FileServer { get; init; }

    public void Dispose()
    {
        Root.Dispose();
        foreach (var owned in Owned) owned?.Dispose();
    }
}
