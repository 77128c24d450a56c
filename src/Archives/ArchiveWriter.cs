using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Archives;

/// <summary>Writes a directory as a tar: owners, modes, times, links, devices and extended attributes, in the order of names, so that equal directories give equal bytes.</summary>
public sealed class ArchiveWriter
{
    private readonly TarWriter _tar;
    private readonly ArchiveOptions _options;
    private readonly IArchiveObserver? _observer;
    private readonly CancellationToken _cancel;
    private readonly Dictionary<(ulong, ulong), string> _linked = [];
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 * 1024);
    private ulong _fileSystem;

    internal ArchiveWriter(TarWriter tar, ArchiveOptions options, IArchiveObserver? observer, CancellationToken cancel) =>
        (_tar, _options, _observer, _cancel) = (tar, options, observer, cancel);

    /// <summary>The sum of the files' sizes written so far.</summary>
    internal long Bytes { get; private set; }

    /// <param name="root">The directory that holds <paramref name="path"/>; links on the way are resolved inside it, and one at its end is written as a link.</param>
    /// <param name="path">The file or directory to write, from the root; empty for all of the root.</param>
    public static async Task WriteAsync(SafeFileHandle root, string path, Stream tar, ArchiveOptions options, CancellationToken cancel = default)
    {
        await using var made = Open(root, path, options, cancel);
        await made.CopyToAsync(tar, cancel);
    }

    /// <summary>As <see cref="WriteAsync"/>, to be read: the tar is made as it is read.</summary>
    public static Stream Open(SafeFileHandle root, string path, ArchiveOptions options, CancellationToken cancel = default) => new MadeStream(write =>
    {
        var tar = new TarWriter(write);
        new ArchiveWriter(tar, options, null, cancel).Write(root, path);
        tar.Finish();
    }, cancel);

    internal void Write(SafeFileHandle root, string path)
    {
        path = path.Trim('/');
        try
        {
            if (path.Length == 0)
            {
                using var all = FileAt.Open(root, ".", OpenFlags.ReadOnly | OpenFlags.Directory);
                WriteTop(all, all, "", FileAt.Status(all), _options.Name ?? ".");
                return;
            }
            var (parentPath, name) = EntryPath.Split(path);
            using var parent = PathDescriptor.Open(root, parentPath.Length == 0 ? "." : parentPath, OpenFlags.ReadOnly | OpenFlags.Directory, Resolve.InRoot | Resolve.NoMagicLinks);
            var status = FileAt.Status(parent, name);
            using var directory = status.Kind == FileKind.Directory ? FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory) : null;
            WriteTop(parent, directory, name, status, _options.Name ?? name);
        }
        catch (SyscallException missing) when (missing.Errno == Errno.ENOENT)
        {
            throw new EngineException(ErrorKind.NotFound, $"Could not find the file {path}.", missing);
        }
    }

    private void WriteTop(SafeFileHandle parent, SafeFileHandle? directory, string name, FileStatus status, string shown)
    {
        _fileSystem = status.FileSystem;
        if (directory is null) WriteOne(parent, name, status, shown);
        else
        {
            if (shown.Length > 0) WriteDirectory(directory, shown, status);
            // Who asks for a dot by name finds it before all that is inside.
            WriteInner(directory, shown is "." && _options.Name is null ? "" : shown, "");
        }
    }

    private void WriteInner(SafeFileHandle directory, string shown, string path)
    {
        var names = FileAt.Names(directory);
        names.Sort(StringComparer.Ordinal);
        foreach (var name in names)
        {
            _cancel.ThrowIfCancellationRequested();
            var innerPath = EntryPath.Join(path, name);
            // What is gone since the directory was read was not there, as far as the archive can say.
            if (_options.Skip?.Invoke(innerPath) == true || FileAt.TryStatus(directory, name, out var status) != Errno.None) continue;
            var innerShown = EntryPath.Join(shown, name);
            if (status.Kind != FileKind.Directory)
            {
                if (status.Kind != FileKind.Socket) WriteOne(directory, name, status, innerShown);
                continue;
            }
            using var inner = FileAt.Open(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory);
            WriteDirectory(inner, innerShown, status);
            if (_options.CrossMounts || status.FileSystem == _fileSystem) WriteInner(inner, innerShown, innerPath);
        }
    }

    private void WriteDirectory(SafeFileHandle directory, string shown, FileStatus status)
    {
        Entry(status, shown, directory, "");
        if (!_options.Whiteouts) return;
        var attributes = ExtendedAttributes.List(directory, "");
        if (attributes.Contains("trusted.overlay.redirect"))
            throw new EngineException(ErrorKind.Internal, $"The directory '{shown}' was renamed by overlayfs in a way that no layer can hold: it was mounted with redirect_dir.");
        if (attributes.Contains(Extraction.OpaqueAttribute)) _tar.WriteFile(EntryPath.Join(shown is "." && _options.Name is null ? "" : shown, Extraction.OpaqueName), []);
    }

    private void WriteOne(SafeFileHandle parent, string name, FileStatus status, string shown)
    {
        if (_options.Whiteouts && status.IsWhiteout)
        {
            var (directory, hidden) = EntryPath.Split(shown);
            _tar.WriteFile(EntryPath.Join(directory, Extraction.WhiteoutPrefix + hidden), [], 0, new FileTime(status.Modified.Seconds, 0));
        }
        else if (status.LinkCount > 1 && _linked.TryGetValue((status.FileSystem, status.Inode), out var first)) Entry(status, shown, parent, name, first);
        else
        {
            if (status.LinkCount > 1) _linked[(status.FileSystem, status.Inode)] = shown;
            if (status.Kind == FileKind.Regular) WriteFile(parent, name, shown);
            else Entry(status, shown, parent, name);
        }
    }

    private void WriteFile(SafeFileHandle parent, string name, string shown)
    {
        // Without waiting, should a fifo stand there by now.
        using var file = FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        var status = FileAt.Status(file);
        if (status.Kind != FileKind.Regular) return;
        Entry(status, shown, parent, name);
        if (status.Size > 0) _observer?.BeginFile(file, parent, name, status.Size);
        // The header has said the size, so a file that changes meanwhile is cut off or filled up with zeros.
        for (var left = status.Size; left > 0;)
        {
            var part = _buffer.AsSpan(0, (int)Math.Min(left, _buffer.Length));
            var read = OpenFile.Read(file, part);
            if (read == 0) part.Clear();
            else part = part[..read];
            _tar.WriteContent(part);
            left -= part.Length;
        }
        _observer?.EndFile();
        _tar.EndContent(status.Size);
        Bytes += status.Size;
    }

    private void Entry(FileStatus status, string shown, SafeFileHandle parent, string name, string? hardLinkTo = null) => _tar.WriteEntry(new TarEntry
    {
        Kind = status.Kind,
        IsHardLink = hardLinkTo is not null,
        Name = shown,
        LinkTarget = hardLinkTo ?? (status.Kind == FileKind.SymbolicLink ? FileAt.ReadLink(parent, name) : ""),
        Mode = status.Mode,
        UserId = _options.OwnerMap?.UserInside(status.UserId) ?? status.UserId,
        GroupId = _options.OwnerMap?.GroupInside(status.GroupId) ?? status.GroupId,
        Size = status.Size,
        // Whole seconds, as Docker writes them: fractions would cost a header of their own for every file.
        Modified = new FileTime(_options.Times ? status.Modified.Seconds : 0, 0),
        DeviceMajor = status.DeviceMajor,
        DeviceMinor = status.DeviceMinor,
        Attributes = hardLinkTo is null ? Attributes(parent, name) : [],
    });

    private static Dictionary<string, byte[]> Attributes(SafeFileHandle parent, string name)
    {
        var found = new Dictionary<string, byte[]>();
        foreach (var attribute in ExtendedAttributes.List(parent, name))
            // Overlayfs's own, and labels of this machine's policy, mean nothing elsewhere.
            if (Extraction.IsWanted(attribute) && attribute != "security.selinux" && ExtendedAttributes.Get(parent, name, attribute) is { } value) found[attribute] = value;
        return found;
    }
}
