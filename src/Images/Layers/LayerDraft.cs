using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Images.Content;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Images.Layers;

/// <summary>A layer being made, in a directory that nothing refers to. Either the store commits it, or it goes to the trash.</summary>
internal sealed class LayerDraft : IDisposable
{
    private readonly Trash _trash;

    public LayerDraft(string directory, Trash trash, string? takeOver = null)
    {
        (Directory, _trash) = (directory, trash);
        System.IO.Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Handle = PathDescriptor.Open(null, directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        if (takeOver is not null) System.IO.Directory.Move(takeOver, Path.Combine(directory, LayerStore.FilesName));
        else if (FileAt.TryMakeDirectory(Handle, LayerStore.FilesName, 0x1ED) is not Errno.None and var errno) throw new SyscallException("mkdirat", errno, directory);
        Files = FileAt.Open(Handle, LayerStore.FilesName, OpenFlags.ReadOnly | OpenFlags.Directory);
        if (takeOver is null) OpenFile.ChangeMode(Files, 0x1ED);
    }

    public string Directory { get; }
    public SafeFileHandle Handle { get; }
    /// <summary>The directory that becomes a lower directory of overlayfs.</summary>
    public SafeFileHandle Files { get; }
    public Digest DiffId { get; set; }
    public long SizeBytes { get; set; }
    public long TarBytes { get; set; }
    /// <summary>Directories the archive did not describe; they get what the layers below say of them. The root is written as the empty path.</summary>
    public IReadOnlyCollection<string> Implied { get; set; } = [];
    public bool HidesAll { get; set; }
    public bool Committed { get; set; }

    public void Dispose()
    {
        Files.Dispose();
        Handle.Dispose();
        if (!Committed) _trash.Throw(Directory);
    }
}
