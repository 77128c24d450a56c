using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Archives;

// Names that hide what lower layers have (OCI image spec, layer.md, "Whiteouts") become what overlayfs understands: a character device 0:0 under the hidden
// name, and on a directory whose lower content is hidden the attribute trusted.overlay.opaque. A whiteout never hides what its own layer holds, in whatever order they come.
internal sealed partial class Extraction
{
    internal const string WhiteoutPrefix = ".wh.";
    private const string MetadataPrefix = ".wh..wh.";
    internal const string OpaqueName = ".wh..wh..opq";
    internal const string OpaqueAttribute = "trusted.overlay.opaque";

    /// <summary>The layer hides everything below it. overlayfs does not look for the attribute on the root itself, so names must be hidden one by one when they are known.</summary>
    public bool HidesAll { get; private set; }

    /// <summary>True when the name was a whiteout and was dealt with.</summary>
    private bool Whiteout(string parentPath, string name)
    {
        if (parentPath.StartsWith(WhiteoutPrefix, StringComparison.Ordinal) || parentPath.Contains('/' + WhiteoutPrefix, StringComparison.Ordinal))
            throw new TarException("it lies in a directory that is a whiteout");
        if (!name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal)) return false;
        if (name == OpaqueName)
        {
            if (parentPath.Length == 0) HidesAll = true;
            else MakeOpaque(_directories.Open(parentPath));
            return true;
        }
        // What AUFS kept for itself in its layers.
        if (name.StartsWith(MetadataPrefix, StringComparison.Ordinal)) return true;
        var hidden = name[WhiteoutPrefix.Length..];
        if (hidden is "" or "." or "..") throw new TarException("it is a whiteout of no name");
        var parent = _directories.Open(parentPath);
        switch (FileAt.TryMakeNode(parent, hidden, FileKind.CharacterDevice, 0))
        {
            case Errno.None: break;
            case Errno.EEXIST when FileAt.Status(parent, hidden).Kind == FileKind.Directory:
                MakeOpaque(_directories.Open(EntryPath.Join(parentPath, hidden)));
                break;
            case Errno.EEXIST: break;
            case var errno: throw new SyscallException("mknodat", errno, name);
        }
        return true;
    }

    private static void MakeOpaque(SafeFileHandle directory)
    {
        if (ExtendedAttributes.TrySet(directory, OpaqueAttribute, "y"u8) is not Errno.None and var errno) throw new SyscallException("fsetxattr", errno, OpaqueAttribute);
    }
}
