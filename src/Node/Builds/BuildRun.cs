using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Images;
using Yun.Images.Transfers;
using Yun.Linux;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Files;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>One build while it goes on: what its stages share.</summary>
internal sealed class BuildRun : IDisposable
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly ConcurrentBag<IDisposable> _opened = [];
    private readonly Dictionary<string, Task<BuildContext>> _named = [];
    private readonly ConcurrentDictionary<string, bool> _warned = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Stage, Task<StageBuild?>> _stages = new(ReferenceEqualityComparer.Instance);
    private readonly Lazy<BuildDirectory> _unkept;

    public BuildRun() => _unkept = new Lazy<BuildDirectory>(() => BuildDirectory.Create(ExecRoot!));

    public required ImageStore Images { get; init; }
    /// <summary>Holds every layer and image that the build makes or stands on.</summary>
    public required ImageLease Lease { get; init; }
    public required IBuildContainers Containers { get; init; }
    public required CacheFolders Caches { get; init; }
    /// <summary>Whoever does a step first does it for all who come to the same one meanwhile, in this build or another; by <see cref="CacheStep.Key"/>.</summary>
    public required KeyedLocks<string> Turns { get; init; }
    public required TimeProvider Time { get; init; }
    public required BuildRequest Request { get; init; }
    public required BuildOutput Output { get; init; }
    public required BuildDirectory Directory { get; init; }
    /// <summary>Where the daemon keeps what does not outlive the machine's boot.</summary>
    public required string ExecRoot { get; init; }
    public required BuildContext Context { get; init; }
    public required Dockerfile Dockerfile { get; init; }
    public required BuildArguments Arguments { get; init; }
    public required BuildCache Cache { get; init; }

    /// <summary>The latest time that the result may show; null when nobody asks for that.</summary>
    public SourceDate? SourceDate { get; init; }

    /// <summary>The <c>--cache-from</c> images that are here.</summary>
    public required IReadOnlyList<Image> CacheSources { get; init; }

    /// <summary>Whether the result of a step may be taken from the cache.</summary>
    public required Func<Image, bool> CacheAllows { get; init; }

    /// <summary>The build's place for secrets and sockets, in memory and not on disk.</summary>
    public BuildDirectory Unkept => _unkept.Value;

    /// <summary>All stages that are built.</summary>
    public ICollection<Task<StageBuild?>> Stages => _stages.Values;

    public void Dispose()
    {
        if (_unkept.IsValueCreated) _unkept.Value.Dispose();
        foreach (var opened in _opened) opened.Dispose();
        foreach (var named in _named.Values.Where(named => named.IsCompletedSuccessfully)) named.Result.Dispose();
    }

    /// <summary>Which warnings are told, and whether they end the build.</summary>
    public required CheckOptions Checks { get; init; }

    /// <summary>Tells a warning that counts, and remembers it.</summary>
    public ValueTask WarnAsync(DockerfileWarning warning, CancellationToken cancel)
    {
        // Of several platforms the first one's build tells them.
        if (!Checks.Looks(warning.Rule.Name) || (Request.Platforms.Count > 1 && Request.Platform != Request.Platforms[0])) return ValueTask.CompletedTask;
        _warned.TryAdd(warning.Rule.Name, true);
        return Output.WarnAsync(warning, cancel);
    }

    /// <exception cref="EngineException">There were warnings, and the Dockerfile says that they are errors.</exception>
    public void FailOnWarnings()
    {
        if (Checks.IsError && !_warned.IsEmpty) throw new EngineException(ErrorKind.InvalidArgument, $"lint violation found for rules: {string.Join(", ", _warned.Keys.Order(StringComparer.Ordinal))}");
    }

    /// <param name="building">Ends with null when the stage has failed.</param>
    public void Begin(Stage stage, Task<StageBuild?> building) => _stages[stage] = building;

    /// <summary>The stage when it has been built; null when it has failed.</summary>
    public Task<StageBuild?> StageAsync(Stage stage) => _stages[stage];

    /// <summary>Waits for the stages. When one of them fails, so does the wait.</summary>
    public async Task StagesAsync(IEnumerable<Stage> stages, CancellationToken cancel)
    {
        foreach (var stage in stages)
            if (await StageAsync(stage) is null) throw new OperationCanceledException(cancel);
    }

    /// <summary>What an image made from <paramref name="current"/> runs on.</summary>
    public Platform PlatformOf(Image? current) => current?.Platform ?? Request.Platform ?? Platform.Host;

    /// <summary>What FROM names: an earlier stage, nothing (<c>scratch</c>, null), or an image, pulled where it is missing or asked for anew.</summary>
    public async Task<Image?> FindBaseAsync(Stage stage, BuildStep step, CancellationToken cancel)
    {
        var from = stage.From;
        var variables = new InstructionVariables(Dockerfile.Escape, Arguments.Global());
        var name = variables.Word(from.BaseName);
        if (name.Length == 0) throw new EngineException(ErrorKind.InvalidArgument, $"base name ({from.BaseName}) should not be blank");
        if (Request.FindContext(name) is { Image: null }) return await ImageOfFilesAsync(name, cancel);
        if (Request.FindContext(name) is null && EarlierStage(name, stage) is { } earlier && !IsNumber(name)) return earlier.Current;
        if (name == "scratch") return null;
        name = Request.FindContext(name)?.Image ?? name;
        return await FindImageAsync(name, from.Platform is { } platform ? ParsePlatform(variables.Word(platform)) : Request.Platform, step, cancel);
    }

    /// <summary>What <c>--from</c> names: an earlier stage by name or number, or an image.</summary>
    public async Task<Image?> FindSourceAsync(string name, Stage stage, BuildStep step, CancellationToken cancel)
    {
        if (Request.FindContext(name) is { Image: { } image }) return await FindImageAsync(image, Request.Platform, step, cancel);
        if (EarlierStage(name, stage) is { } earlier) return earlier.Current;
        if (IsNumber(name)) throw new EngineException(ErrorKind.InvalidArgument, $"{name} is not the number of an earlier build stage");
        return await FindImageAsync(name, Request.Platform, step, cancel);
    }

    /// <summary>The folder that a name stands for; null when it stands for an image or a stage. It comes from the client when it is first asked for.</summary>
    public async Task<BuildContext?> FindFilesAsync(string name, CancellationToken cancel)
    {
        if (Request.FindContext(name) is not { Image: null } named) return null;
        Task<BuildContext> opening;
        lock (_named)
        {
            if (!_named.TryGetValue(name.ToLowerInvariant(), out opening!))
                _named[name.ToLowerInvariant()] = opening = BuildContext.OpenAsync(new BuildRequest { ContextFiles = named.Files, Remote = named.Remote, DockerfileText = "" }, Directory, Output, cancel);
        }
        return await opening;
    }

    // FROM a folder: what is in it is the only layer.
    private async Task<Image> ImageOfFilesAsync(string name, CancellationToken cancel)
    {
        var files = (await FindFilesAsync(name, cancel))!;
        await files.RootAsync(cancel);
        var layer = await Images.CommitLayerAsync(files.DirectoryPath, null, Lease, cancel: cancel);
        var platform = Request.Platform ?? Platform.Host;
        return await Images.CreateImageAsync(new ImageConfig { Os = platform.Os, Architecture = platform.Architecture, Variant = platform.Variant }, [layer], Lease, null, cancel);
    }

    /// <summary>A new file of the build's own, and the source that it becomes once it is written.</summary>
    public (string Path, Func<CopySource> Source) Scratch(string name)
    {
        if (name.Contains('/') || name is "." or "..") throw new EngineException(ErrorKind.InvalidArgument, $"a file cannot be called {name}");
        var folder = Directory.Make("file", readableToAll: true);
        return (System.IO.Path.Combine(folder, name), () =>
        {
            var root = PathDescriptor.Open(null, folder, OpenFlags.Directory);
            _opened.Add(root);
            return new CopySource(root, name, RootedPath.Find(root, name), MayUnpack: false, Skip: null);
        });
    }

    /// <summary>A here-document as a source.</summary>
    public CopySource Written(string name, string content)
    {
        return WriteFile(name, content, executable: false).Source();
    }

    /// <summary>A new file with this text, in a folder of its own.</summary>
    public (string Folder, Func<CopySource> Source) WriteFile(string name, string content, bool executable)
    {
        var (path, source) = Scratch(name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, executable ? Executable : Readable);
        return (System.IO.Path.GetDirectoryName(path)!, source);
    }

    public static Platform ParsePlatform(string text)
    {
        try
        {
            return Platform.Parse(text);
        }
        catch (FormatException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, error.Message, error);
        }
    }

    private async Task<Image> FindImageAsync(string name, Platform? platform, BuildStep step, CancellationToken cancel)
    {
        // One that is removed before it is held is asked for again.
        while (true)
            if (await FindOrPullAsync(name, platform, step, cancel) is var image && Lease.TryHold(image)) return image;
    }

    private async Task<Image> FindOrPullAsync(string name, Platform? platform, BuildStep step, CancellationToken cancel)
    {
        var local = Images.TryFind(name, platform);
        if (local is not null && platform is not null && platform.Suits(local.Platform) == 0) local = null;
        if (local is not null && (!Request.Pull || !ImageReference.TryParse(name, out _) || IsIdOf(local, name))) return local;

        ImageReference reference;
        try
        {
            reference = ImageReference.Parse(name).WithDefaultTag();
        }
        catch (FormatException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, error.Message, error);
        }
        return await Images.PullAsync(reference, platform, await Request.AuthFor(reference.Domain, cancel), Output.ProgressOf(step), cancel);
    }

    private static bool IsIdOf(Image image, string name) => image.Id.Hex.StartsWith(name, StringComparison.Ordinal) || image.Id.ToString() == name;

    private StageBuild? EarlierStage(string name, Stage stage)
    {
        var found = Dockerfile.FindStage(name);
        return found is null || found.Index >= stage.Index || !_stages.TryGetValue(found, out var built) || !built.IsCompletedSuccessfully ? null : built.Result;
    }

    private static bool IsNumber(string name) => int.TryParse(name, out _);
}
