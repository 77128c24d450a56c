using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Archives;

namespace Yun.Node.Builds.Files;

/// <summary>One file or folder that COPY or ADD takes.</summary>
/// <param name="Root">The tree it lies in; owned by whoever opened the tree.</param>
/// <param name="Asked">As the instruction (or a match of its wildcard) names it; a link's own name, where <paramref name="Path"/> is what it leads to.</param>
/// <param name="MayUnpack">ADD unpacks it if it is an archive; not so what was downloaded.</param>
internal sealed record CopySource(SafeFileHandle Root, string Asked, RootedPath Path, bool MayUnpack, Func<string, bool>? Skip)
{
    public bool IsDirectory => Path.Kind == PathKind.Directory;

    /// <summary>What the file is called at its destination when that is a folder.</summary>
    public string Name => Asked[(Asked.LastIndexOf('/') + 1)..];

    /// <summary>A digest of content, names, modes, owners, links and extended attributes; not of times, so that a fresh checkout hits the cache.</summary>
    public async Task<string> HashAsync(CancellationToken cancel)
    {
        using var hash = SHA256.Create();
        await using (var tar = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
            await WriteAsync(tar, Asked, times: false, cancel);
        return $"{(IsDirectory ? "dir" : "file")}:{Convert.ToHexStringLower(hash.Hash!)}";
    }

    /// <summary>Copies into a folder of another tree; a single file gets <paramref name="name"/>, of a folder goes what it holds.</summary>
    public async Task CopyToAsync(SafeFileHandle root, string name, ExtractionOptions options, CancellationToken cancel)
    {
        var pipe = new Pipe();
        var writing = FillAsync(pipe.Writer, name, cancel);
        try
        {
            await using var tar = pipe.Reader.AsStream();
            await ArchiveExtractor.ExtractAsync(tar, root, options, cancel);
        }
        finally
        {
            await writing;
        }
    }

    private async Task FillAsync(PipeWriter writer, string name, CancellationToken cancel)
    {
        Exception? failure = null;
        try
        {
            await using var tar = writer.AsStream(leaveOpen: true);
            await WriteAsync(tar, name, times: true, cancel);
        }
        catch (Exception error)
        {
            failure = error; // the reader gets it, where it would otherwise wait for more
        }
        await writer.CompleteAsync(failure);
    }

    private Task WriteAsync(Stream tar, string name, bool times, CancellationToken cancel) =>
        ArchiveWriter.WriteAsync(Root, Path.Path, tar, new ArchiveOptions { Name = IsDirectory ? "" : name, Times = times, Skip = Skip }, cancel);
}
