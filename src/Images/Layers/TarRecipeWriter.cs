using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;
using ZstdSharp;

namespace Yun.Images.Layers;

/// <summary>
/// Writes down how to make a layer's tar again from its unpacked files, to the byte: everything that is not the content of a file, and for each content
/// where the file is. So a layer takes its room on the disk once, and its digest can still be had. The form is read by <see cref="TarRecipe"/>.
/// </summary>
internal sealed class TarRecipeWriter : IArchiveObserver, IDisposable
{
    public const byte Literal = 1, FileContent = 2;
    private const int CompressionLevel = 3;

    private readonly BinaryWriter _writer;
    private readonly SafeFileHandle _layer;
    private readonly string _root;
    private readonly Dictionary<ulong, int> _contentByInode = [];
    private (SafeFileHandle Handle, string Path)? _lastDirectory;
    private SafeFileHandle? _aside;
    private int _contents;
    private bool _inFile;

    /// <param name="layer">The layer's own directory, which holds <c>fs</c>.</param>
    /// <param name="files">The directory <c>fs</c>.</param>
    public TarRecipeWriter(Stream destination, SafeFileHandle layer, SafeFileHandle files)
    {
        _layer = layer;
        _root = FileAt.PathOf(files);
        _writer = new BinaryWriter(new BufferedStream(new CompressionStream(destination, CompressionLevel, leaveOpen: false), 64 * 1024));
    }

    /// <summary>Everything of the archive passes here, in order.</summary>
    public void Observe(ReadOnlySpan<byte> bytes, bool isContent)
    {
        if (isContent && _inFile) return;
        _writer.Write(Literal);
        _writer.Write7BitEncodedInt(bytes.Length);
        _writer.Write(bytes);
    }

    /// <summary>The content that comes next is that of a file just made.</summary>
    public void BeginFile(SafeFileHandle file, SafeFileHandle directory, string name, long size)
    {
        _contentByInode[FileAt.Status(file).Inode] = _contents;
        _writer.Write(FileContent);
        _writer.Write7BitEncodedInt64(size);
        var path = FileName.Encode(EntryPath.Join(DirectoryPath(directory), name));
        _writer.Write7BitEncodedInt(path.Length);
        _writer.Write(path);
        _contents++;
        _inFile = true;
    }

    public void EndFile() => _inFile = false;

    /// <summary>Before an entry replaces what an earlier one made, contents that were written down are put where the recipe finds them by their number.</summary>
    public void Replacing(SafeFileHandle parent, string name)
    {
        if (FileAt.TryStatus(parent, name, out var status) != Errno.None) return;
        if (status.Kind == FileKind.Directory)
        {
            using var directory = FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory);
            foreach (var inner in FileAt.Names(directory)) Replacing(directory, inner);
        }
        else if (status.Kind == FileKind.Regular && _contentByInode.TryGetValue(status.Inode, out var content))
        {
            _aside ??= OpenAside();
            if (FileAt.TryRename(parent, name, _aside, content.ToString()) is not Errno.None and var errno) throw new SyscallException("renameat2", errno, name);
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        _aside?.Dispose();
    }

    private SafeFileHandle OpenAside()
    {
        if (FileAt.TryMakeDirectory(_layer, TarRecipe.AsideName, 0x1C0) is not (Errno.None or Errno.EEXIST) and var errno) throw new SyscallException("mkdirat", errno, TarRecipe.AsideName);
        return FileAt.Open(_layer, TarRecipe.AsideName, OpenFlags.ReadOnly | OpenFlags.Directory);
    }

    /// <summary>Where a directory really is, since a link on the way to it may be replaced later. Asked once for each descriptor in a row.</summary>
    private string DirectoryPath(SafeFileHandle directory)
    {
        if (_lastDirectory is { } last && ReferenceEquals(last.Handle, directory)) return last.Path;
        var path = FileAt.PathOf(directory);
        path = path == _root ? "" : path[(_root.Length + 1)..];
        _lastDirectory = (directory, path);
        return path;
    }
}
