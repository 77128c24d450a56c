using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Archives;
using Yun.Images;
using Yun.Linux;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Files;
using Yun.Node.Builds.Patterns;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

internal sealed partial class StageBuild
{
    private async Task CopyAsync(CopyInstruction copy, CancellationToken cancel)
    {
        var mode = ModeOf(copy);
        using var from = copy.From is { Length: > 0 } name ? await OpenFromAsync(copy, name, cancel) : null;
        var sources = await SourcesAsync(copy, from, cancel);
        if (sources.Count == 0) throw Failed(copy, "no source files were specified");
        if (sources.Count > 1 && !CleanPath.EndsAsFolder(copy.Destination))
            throw new EngineException(ErrorKind.InvalidArgument, $"When using {copy.Name} with more than one source file, the destination must be a directory and end with a /");

        var flags = (copy.Owner is { Length: > 0 } owner ? $"--chown={owner} " : "") + (copy.Mode is { Length: > 0 } ? $"--chmod={copy.Mode} " : "");
        var comment = $"{copy.Name} {flags}{await CopySources.HashAsync(sources, cancel)} in {copy.Destination} ";
        var details = string.Join('\n', [copy.Link ? "link" : "", copy.Parents ? "parents" : "", from is null ? "" : "from", .. copy.Sources, .. copy.Excludes]);
        var step = Step($"{string.Join(' ', ConfigChange.ShellOf(_config))} #(nop) {comment}", details);
        using var turn = await TurnAsync(step, cancel);
        if (await TryCacheAsync(step, cancel)) return;

        await CommitAsync(step, await WriteAsync(root => PutAsync(copy, mode, from is not null, sources, root, cancel), cancel), cancel);
    }

    private async Task PutAsync(CopyInstruction copy, uint? mode, bool keepOwners, IReadOnlyList<CopySource> sources, SafeFileHandle root, CancellationToken cancel)
    {
        var owner = copy.Owner is { Length: > 0 } asked ? OwnerLookup.Find(root, asked) : (User: 0u, Group: 0u);
        var target = new CopyTarget(root, owner, keepOwners && string.IsNullOrEmpty(copy.Owner), mode);
        var destination = CleanPath.Absolute(_config.WorkingDir ?? "", copy.Destination);
        foreach (var source in sources)
        {
            try
            {
                if (copy.IsAdd && source.MayUnpack && !source.IsDirectory && LocalArchive.TryOpen(source) is { } archive)
                {
                    await using (archive) await target.UnpackAsync(archive, destination, cancel);
                    continue;
                }
                await target.PutAsync(source, copy.Parents ? Below(destination, source) : destination, cancel);
            }
            catch (EngineException error)
            {
                throw new EngineException(error.Kind, $"{copy.Name} failed: failed to copy files: {error.Message}", error);
            }
        }
    }

    // --parents keeps the folders a source is named with, below the destination.
    private static string Below(string destination, CopySource source)
    {
        var folder = source.IsDirectory ? source.Asked : source.Asked[..(source.Asked.LastIndexOf('/') + 1)];
        return CleanPath.Of($"{destination}/{folder}").TrimEnd('/') + "/";
    }

    private async Task<IReadOnlyList<CopySource>> SourcesAsync(CopyInstruction copy, SafeFileHandle? from, CancellationToken cancel)
    {
        try
        {
            var finder = new CopySources(from ?? await run.Context.RootAsync(cancel), from is null, copy.Excludes);
            var sources = new List<CopySource>();
            foreach (var source in copy.Sources)
            {
                if (copy.IsAdd && Download.IsGit(source)) throw new EngineException(ErrorKind.NotImplemented, $"{source} is a git repository, which this builder does not clone; use RUN git clone");
                if (!Download.IsAddress(source)) sources.AddRange(finder.Find(source, copy.IsAdd));
                else if (copy.IsAdd) sources.Add(await DownloadAsync(copy, source, cancel));
                else throw new EngineException(ErrorKind.InvalidArgument, "source can't be a URL for COPY");
            }
            foreach (var document in copy.Documents) sources.Add(run.Written(document.Name, document.Content));
            return sources;
        }
        catch (EngineException error)
        {
            throw Failed(copy, error.Message, error);
        }
    }

    private async Task<CopySource> DownloadAsync(CopyInstruction add, string address, CancellationToken cancel)
    {
        var name = Download.FileName(address);
        if (name is null && CleanPath.EndsAsFolder(add.Destination)) throw new EngineException(ErrorKind.InvalidArgument, $"cannot determine filename for source {address}");
        var (path, source) = run.Scratch(name ?? "__unnamed__");
        await Download.ToFileAsync(address, path, cancel);
        if (add.Checksum is { Length: > 0 } checksum) await Download.VerifyAsync(path, checksum, cancel);
        return source();
    }

    /// <summary>The file system of another stage or of an image, to copy from.</summary>
    private async Task<SafeFileHandle> OpenFromAsync(CopyInstruction copy, string name, CancellationToken cancel)
    {
        try
        {
            if (await run.FindFilesAsync(name, cancel) is { } files)
            {
                await files.RootAsync(cancel);
                return PathDescriptor.Open(null, files.DirectoryPath, OpenFlags.Directory);
            }
            var image = await run.FindSourceAsync(name, Stage, _step, cancel);
            return Overlay.Mount(image is null ? [run.Directory.Make("scratch", readableToAll: true)] : run.Images.LayerDirectories(image), null, null);
        }
        catch (EngineException error)
        {
            throw new EngineException(error.Kind, $"invalid from flag value {copy.From}: {error.Message}", error);
        }
    }

    private async Task WorkdirAsync(WorkdirInstruction workdir, CancellationToken cancel)
    {
        var comment = ConfigChange.Apply(workdir, _config, ref _commandSet);
        var step = Step($"{string.Join(' ', ConfigChange.ShellOf(_config))} #(nop) {comment}");
        using var turn = await TurnAsync(step, cancel);
        if (await TryCacheAsync(step, cancel)) return;
        var layer = await WriteAsync(root => new CopyTarget(root, (0, 0), keepOwners: false, null).MakeFolderAsync(_config.WorkingDir!, cancel), cancel);
        await CommitAsync(step, layer, cancel);
    }

    /// <summary>Lets <paramref name="write"/> change the stage's files and makes a layer of what changed; null when nothing did.</summary>
    private async Task<Layer?> WriteAsync(Func<SafeFileHandle, Task> write, CancellationToken cancel)
    {
        var upper = run.Directory.Make("upper", readableToAll: true);
        IReadOnlyList<string> lower = Current is null ? [run.Directory.Make("scratch", readableToAll: true)] : run.Images.LayerDirectories(Current);
        using (var root = Overlay.Mount(lower, upper, run.Directory.Make("work"))) await write(root);
        return await CommitUpperAsync(upper, cancel);
    }

    private async Task<Layer?> CommitUpperAsync(string upper, CancellationToken cancel)
    {
        if (!Directory.EnumerateFileSystemEntries(upper).Any()) return null;
        run.SourceDate?.Apply(upper);
        return await run.Images.CommitLayerAsync(upper, TopLayer, run.Lease, takeOver: true, cancel);
    }

    private Layer? TopLayer => Current is { Layers: [.., var top] } ? top : null;

    private static uint? ModeOf(CopyInstruction copy)
    {
        if (copy.Mode is not { Length: > 0 } text) return null;
        if (text.Length <= 5 && text.All(c => c is >= '0' and <= '7') && Convert.ToUInt32(text, 8) is <= 0xFFF and var mode) return mode;
        throw new EngineException(ErrorKind.InvalidArgument, $"dockerfile line {copy.Line}: invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777");
    }

    private static EngineException Failed(CopyInstruction copy, string problem, EngineException? cause = null) =>
        new(cause?.Kind ?? ErrorKind.InvalidArgument, $"{copy.Name} failed: {problem}", cause);
}
