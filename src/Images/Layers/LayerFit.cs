using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;

namespace Yun.Images.Layers;

/// <summary>Makes a new layer fit the ones it lies on, where its archive left to them what overlayfs takes from the upper one.</summary>
internal static class LayerFit
{
    /// <param name="belowTopFirst">The layers below, the topmost first.</param>
    public static void Fit(LayerDraft draft, IReadOnlyList<Layer> belowTopFirst)
    {
        if (belowTopFirst.Count == 0) return;
        var below = new List<SafeFileHandle>();
        try
        {
            foreach (var layer in belowTopFirst) below.Add(PathDescriptor.Open(null, layer.Directory, OpenFlags.ReadOnly | OpenFlags.Directory));
            foreach (var path in draft.Implied) Describe(draft.Files, path, below);
            if (draft.HidesAll) HideAll(draft.Files, below);
        }
        finally
        {
            foreach (var handle in below) handle.Dispose();
        }
    }

    /// <summary>
    /// A directory that the archive names only as part of other names. Merged, overlayfs shows the upper layer's owner and mode, so it gets those that it has below.
    /// </summary>
    private static void Describe(SafeFileHandle files, string path, List<SafeFileHandle> below)
    {
        foreach (var layer in below)
        {
            switch (PathDescriptor.TryOpen(layer, path.Length == 0 ? "." : path, OpenFlags.ReadOnly | OpenFlags.Directory, out var opened, Resolve.Beneath | Resolve.NoSymlinks))
            {
                case Errno.None: break;
                case Errno.ENOENT: continue;
                // Something else stands there, so what is still deeper is not seen.
                default: return;
            }
            using var like = opened!;
            using var made = PathDescriptor.Open(files, path.Length == 0 ? "." : path, OpenFlags.ReadOnly | OpenFlags.Directory, Resolve.Beneath | Resolve.NoSymlinks);
            var status = FileAt.Status(like);
            OpenFile.ChangeOwner(made, status.UserId, status.GroupId);
            OpenFile.ChangeMode(made, status.Mode);
            foreach (var attribute in ExtendedAttributes.List(like, ""))
                if (!attribute.StartsWith("trusted.overlay.", StringComparison.Ordinal) && ExtendedAttributes.Get(like, "", attribute) is { } value)
                    ExtendedAttributes.TrySet(made, attribute, value);
            OpenFile.ChangeTimes(made, status.Accessed, status.Modified);
            return;
        }
    }

    private static void HideAll(SafeFileHandle files, List<SafeFileHandle> below)
    {
        foreach (var name in below.SelectMany(FileAt.Names).Distinct())
        {
            switch (FileAt.TryMakeNode(files, name, FileKind.CharacterDevice, 0))
            {
                case Errno.None: break;
                case Errno.EEXIST when FileAt.Status(files, name).Kind == FileKind.Directory:
                    ExtendedAttributes.Set(files, name, Extraction.OpaqueAttribute, "y"u8);
                    break;
                case Errno.EEXIST: break;
                case var errno: throw new SyscallException("mknodat", errno, name);
            }
        }
    }
}
