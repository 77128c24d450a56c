using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Images.Layers;

/// <summary>Holds an unpacked layer against the tar it came from: every file's content and every link's target. Owners, modes and times are not looked at.</summary>
internal sealed class LayerCheck
{
    private const int BufferBytes = 256 * 1024;

    // A later entry of the same name stands for an earlier one.
    private readonly Dictionary<string, Expected> _expected = new(StringComparer.Ordinal);

    private readonly record struct Expected(FileKind Kind, long Size, byte[]? Hash, string Target);

    private LayerCheck() { }

    /// <summary>What is wrong with it; null when nothing is.</summary>
    /// <param name="tar">Uncompressed.</param>
    internal static string? Find(Layer layer, Stream tar, CancellationToken cancel)
    {
        var check = new LayerCheck();
        try { check.Read(new TarReader(tar), cancel); }
        catch (Exception damaged) when (damaged is TarException or EngineException || Compression.IsDamage(damaged)) { return $"the archive it came from cannot be read: {damaged.Message}"; }
        var errno = PathDescriptor.TryOpen(null, layer.Directory, OpenFlags.ReadOnly | OpenFlags.Directory, out var root);
        if (root is null) return $"its directory cannot be opened: {errno.Describe()}";
        using (root) return check.Compare(root, cancel);
    }

    private void Read(TarReader tar, CancellationToken cancel)
    {
        while (tar.Next() is { } entry)
        {
            cancel.ThrowIfCancellationRequested();
            var path = EntryPath.Plain(entry.Name);
            if (path.Length == 0 || EntryPath.Split(path).Name.StartsWith(Extraction.WhiteoutPrefix, StringComparison.Ordinal)) continue;
            if (entry.Kind != FileKind.Directory && _expected.TryGetValue(path, out var before) && before.Kind == FileKind.Directory)
                foreach (var below in _expected.Keys.Where(known => known.StartsWith(path + '/', StringComparison.Ordinal)).ToList()) _expected.Remove(below);
            if (!entry.IsHardLink) _expected[path] = new Expected(entry.Kind, entry.Size, entry.Kind == FileKind.Regular && entry.Sparse is null ? HashOf(tar) : null, entry.LinkTarget);
            else if (_expected.TryGetValue(EntryPath.Plain(entry.LinkTarget), out var target)) _expected[path] = target;
        }
    }

    private string? Compare(SafeFileHandle root, CancellationToken cancel)
    {
        var buffer = new byte[BufferBytes];
        foreach (var (path, expected) in _expected)
        {
            cancel.ThrowIfCancellationRequested();
            if (expected.Kind is not (FileKind.Regular or FileKind.SymbolicLink)) continue;
            // A name may lead through a link that the same layer has.
            var errno = PathDescriptor.TryOpen(root, path, expected.Kind == FileKind.Regular ? OpenFlags.ReadOnly | OpenFlags.NoFollow : OpenFlags.Path | OpenFlags.NoFollow, out var file, Resolve.InRoot);
            if (file is null) return $"'{path}' cannot be opened: {errno.Describe()}";
            using (file)
            {
                var status = FileAt.Status(file);
                if (status.Kind != expected.Kind) return $"'{path}' is of another kind";
                if (expected.Kind == FileKind.SymbolicLink) continue;
                if (status.Size != expected.Size) return $"'{path}' has {status.Size} bytes instead of {expected.Size}";
                if (expected.Hash is not null && !HashOf(file, buffer).AsSpan().SequenceEqual(expected.Hash)) return $"'{path}' has other content";
            }
        }
        return null;
    }

    private static byte[] HashOf(TarReader tar)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var part = tar.ReadContent(); !part.IsEmpty; part = tar.ReadContent()) hash.AppendData(part);
        return hash.GetHashAndReset();
    }

    private static byte[] HashOf(SafeFileHandle file, byte[] buffer)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int read; (read = OpenFile.Read(file, buffer)) > 0;) hash.AppendData(buffer.AsSpan(0, read));
        return hash.GetHashAndReset();
    }
}
