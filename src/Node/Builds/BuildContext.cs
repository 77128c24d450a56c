using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Archives;
using Yun.Linux;
using Yun.Node.Builds.Files;
using Yun.Node.Builds.Patterns;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>The files a build may copy, in the build's own directory; links in it lead nowhere else. What a client holds ready comes when a step first needs it.</summary>
internal sealed class BuildContext : IDisposable
{
    private const int DockerfileBytesMax = 4 << 20;

    private const int PaddingMax = 1 << 20;

    private readonly SafeFileHandle _root;
    private readonly Lock _lock = new();
    private readonly Func<CancellationToken, Task> _fill;
    private Task<SafeFileHandle>? _filled;

    private BuildContext(string path, SafeFileHandle root, string dockerfile, Func<CancellationToken, Task> fill) =>
        (DirectoryPath, _root, Dockerfile, _fill) = (path, root, dockerfile, fill);

    public string DirectoryPath { get; }

    /// <summary>The Dockerfile's text.</summary>
    public string Dockerfile { get; }

    public static async Task<BuildContext> OpenAsync(BuildRequest request, BuildDirectory directory, BuildOutput output, CancellationToken cancel)
    {
        var path = directory.Make("context");
        var root = PathDescriptor.Open(null, path, OpenFlags.Directory);
        try
        {
            if (request is { ContextFiles: { } files, DockerfileText: { } own })
                return new BuildContext(path, root, own, c => files.FillAsync(root, BytesMax(path), output, c));

            var dockerfile = request.Remote is { Length: > 0 } remote
                ? await FetchAsync(remote, root, directory, cancel)
                : await UnpackAsync(request.Context, root, path, cancel);
            if ((dockerfile ?? request.DockerfileText) is { } given) return new BuildContext(path, root, given, _ => Task.CompletedTask);

            var (name, text) = Read(root, request.Dockerfile);
            RemoveIgnored(root, path, name);
            return new BuildContext(path, root, text, _ => Task.CompletedTask);
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <summary>The folder, with all files in it.</summary>
    public Task<SafeFileHandle> RootAsync(CancellationToken cancel)
    {
        lock (_lock) return _filled ??= FillAsync(cancel);
    }

    public void Dispose() => _root.Dispose();

    private async Task<SafeFileHandle> FillAsync(CancellationToken cancel)
    {
        await _fill(cancel);
        return _root;
    }

    // A small archive can hold more than any disk does; a tenth of what is free stays free.
    private static long BytesMax(string path) => new DriveInfo(path).AvailableFreeSpace / 10 * 9;

    private static async Task<string?> UnpackAsync(Stream tar, SafeFileHandle root, string path, CancellationToken cancel)
    {
        await ArchiveExtractor.ExtractAsync(tar, root, new ExtractionOptions { Devices = false, BytesMax = BytesMax(path) }, cancel);
        await DrainAsync(tar, cancel);
        return null;
    }

    // Clients pad the archive, and wait until all they send is taken before they read the answer.
    private static async Task DrainAsync(Stream tar, CancellationToken cancel)
    {
        var buffer = new byte[16384];
        for (var left = PaddingMax; left > 0 && await tar.ReadAsync(buffer, cancel) is > 0 and var read;) left -= read;
    }

    // What is at the address is a Dockerfile if its server says so (text/plain), otherwise a tarball.
    private static async Task<string?> FetchAsync(string remote, SafeFileHandle root, BuildDirectory directory, CancellationToken cancel)
    {
        if (Download.IsGit(remote)) throw new EngineException(ErrorKind.NotImplemented, $"{remote} is a git repository, which this builder does not clone; clone it and send the folder.");
        if (!Download.IsAddress(remote)) throw new EngineException(ErrorKind.InvalidArgument, $"remoteURL ({remote}) could not be recognized as URL");
        var file = System.IO.Path.Combine(directory.Make("remote"), "context");
        var type = await Download.ToFileAsync(remote, file, cancel);
        if (type == "text/plain")
        {
            if (new FileInfo(file).Length > DockerfileBytesMax) throw TooLarge(remote);
            return await File.ReadAllTextAsync(file, cancel);
        }
        await using var tar = File.OpenRead(file);
        return await UnpackAsync(tar, root, directory.Path, cancel);
    }

    private static (string Name, string Text) Read(SafeFileHandle root, string asked)
    {
        var name = CleanPath.Of("/" + asked)[1..];
        var found = RootedPath.Find(root, name);
        if (found.Kind == PathKind.Missing && name == BuildRequest.DefaultDockerfile) found = RootedPath.Find(root, name = name.ToLowerInvariant());
        if (found.Kind != PathKind.Other) throw new EngineException(ErrorKind.InvalidArgument, $"Cannot locate specified Dockerfile: {asked}");
        return ReadText(root, found) is { Length: > 0 } text ? (name, text) : throw new EngineException(ErrorKind.InvalidArgument, $"the Dockerfile ({asked}) cannot be empty");
    }

    // The client has left out what is ignored already, except these two files, which it must send; other clients have not.
    private static void RemoveIgnored(SafeFileHandle root, string path, string dockerfile)
    {
        var own = RootedPath.Find(root, dockerfile + ".dockerignore");
        var file = own.Kind == PathKind.Other ? own : RootedPath.Find(root, ".dockerignore");
        if (file.Kind != PathKind.Other) return;
        try
        {
            var ignored = IgnoreList.Parse(ReadText(root, file), file.Path);
            if (!ignored.IsEmpty) RemoveIgnored(new DirectoryInfo(path), "", ignored);
        }
        catch (FormatException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, error.Message);
        }
    }

    // Goes by names and does not follow links: they are files here.
    private static void RemoveIgnored(DirectoryInfo folder, string inside, IgnoreList list)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }))
        {
            var path = inside.Length == 0 ? entry.Name : $"{inside}/{entry.Name}";
            var ignored = list.IsIgnored(path);
            if (entry is DirectoryInfo { LinkTarget: null } sub)
            {
                if (!ignored || list.TakesBack) RemoveIgnored(sub, path, list);
                if (ignored && (!list.TakesBack || !sub.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }).Any())) sub.Delete(recursive: true);
            }
            else if (ignored)
            {
                entry.Delete();
            }
        }
    }

    private static string ReadText(SafeFileHandle root, RootedPath file)
    {
        using var stream = RootedPath.OpenFile(root, file.Path);
        if (!stream.CanSeek || stream.Length > DockerfileBytesMax) throw TooLarge(file.Path);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static EngineException TooLarge(string file) => new(ErrorKind.InvalidArgument, $"{file} is larger than {DockerfileBytesMax} bytes");
}
