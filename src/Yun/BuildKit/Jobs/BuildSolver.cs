using Yun.BuildKit.Protos;
using Yun.Node;
using Yun.Node.Builds;
using Yun.Node.Builds.Patterns;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>Has the engine's builder do what a client asks BuildKit's Dockerfile frontend for.</summary>
internal sealed class BuildSolver(Engine engine, BuildSessions sessions)
{
    private const string DockerfileFrontend = "dockerfile.v0", IgnoreFile = ".dockerignore", UploadHost = "http://buildkit-session/";

    /// <summary>As <see cref="BuildAsync(BuildJob, BuildRequest, ClientFolders, CancellationToken)"/>, asked for by the frontend's options.</summary>
    public Task<BuiltImage> BuildAsync(BuildJob job, string frontend, IReadOnlyDictionary<string, string> options, CancellationToken cancel)
    {
        if (frontend != DockerfileFrontend) throw new EngineException(ErrorKind.NotImplemented, $"this builder knows the frontend {DockerfileFrontend} only, not '{frontend}'");
        var read = new FrontendOptions(options);
        var (named, contexts) = read.Contexts();
        return BuildAsync(job, read.Read() with { NamedContexts = named }, read.Folders with { Contexts = contexts, Caches = read.LocalCaches() }, cancel);
    }

    /// <param name="request">What is to be built, but for the files, which come from the client's session.</param>
    /// <exception cref="EngineException">It cannot be done; also as <see cref="BuildCommandException"/> when a RUN failed.</exception>
    public async Task<BuiltImage> BuildAsync(BuildJob job, BuildRequest request, ClientFolders folders, CancellationToken cancel)
    {
        var session = await sessions.GetAsync(await job.SessionAsync(cancel), cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, session.Ended);
        BuiltImage? built = null;
        await job.ShowAsync(async output =>
        {
            var whole = await WithFilesAsync(job, request, folders, session, output, stop.Token);
            var lease = engine.Images.Lease($"build {job.Reference}", settlesLater: true);
            try { built = new BuiltImage(await engine.Builds.BuildAsync(whole with { IsExportedLater = true }, output, lease, job.Reference, stop.Token), lease); }
            catch
            {
                lease.Dispose();
                throw;
            }
        });
        return built!;
    }

    private static async Task<BuildRequest> WithFilesAsync(BuildJob job, BuildRequest request, ClientFolders folders, BuildSession session, BuildOutput output, CancellationToken cancel)
    {
        var secrets = new SessionSecrets(session);
        var caches = folders.Caches.Select(cache => new LocalCache(new ClientContentStore(session, cache.Folder), cache.Folder, cache.Index));
        request = request with { Secrets = secrets, AuthFor = secrets.CredentialsAsync, Remote = null, CacheLayouts = [.. caches] };
        if (folders.Remote is { } remote)
        {
            if (remote.StartsWith(UploadHost, StringComparison.Ordinal)) return request with { Context = Uploaded(session, new Uri(remote), cancel) };
            return request with { Remote = remote };
        }
        string? text = null;
        await output.StepAsync(new BuildStep($"[internal] load build definition from {request.Dockerfile}"), async () =>
        {
            text = await DockerfileAsync(session, folders, request.Dockerfile, cancel);
            return null;
        }, cancel);
        (job.Source.FileName, job.Source.Text) = (request.Dockerfile, text!);
        var ignored = IgnoreList.Empty;
        await output.StepAsync(new BuildStep($"[internal] load {IgnoreFile}"), async () =>
        {
            ignored = await IgnoredAsync(session, folders, request.Dockerfile, cancel);
            return null;
        }, cancel);
        var named = new Dictionary<string, NamedContext>(request.NamedContexts);
        foreach (var (name, folder) in folders.Contexts)
            named[name] = new NamedContext(Files: new SessionContext(session, folder, await IgnoredAsync(session, folder, cancel), name));
        return request with { NamedContexts = named, DockerfileText = text, ContextFiles = new SessionContext(session, folders.Context, ignored) };
    }

    private static async Task<string> DockerfileAsync(BuildSession session, ClientFolders folders, string name, CancellationToken cancel)
    {
        var text = await TextAsync(session, folders.Dockerfile, name, cancel);
        if (text is null && name == BuildRequest.DefaultDockerfile) text = await TextAsync(session, folders.Dockerfile, name.ToLowerInvariant(), cancel);
        if (text is null) throw new EngineException(ErrorKind.NotFound, $"failed to read dockerfile: open {name}: no such file or directory");
        return text.Length > 0 ? text : throw new EngineException(ErrorKind.InvalidArgument, $"the Dockerfile ({name}) cannot be empty");
    }

    // A list of the Dockerfile's own, beside it, takes the place of the context's.
    private static async Task<IgnoreList> IgnoredAsync(BuildSession session, ClientFolders folders, string dockerfile, CancellationToken cancel)
    {
        var own = dockerfile + IgnoreFile;
        return await TextAsync(session, folders.Dockerfile, own, cancel) is { } text ? Ignored(text, own) : await IgnoredAsync(session, folders.Context, cancel);
    }

    private static async Task<IgnoreList> IgnoredAsync(BuildSession session, string folder, CancellationToken cancel) =>
        await TextAsync(session, folder, IgnoreFile, cancel) is { } text ? Ignored(text, IgnoreFile) : IgnoreList.Empty;

    private static IgnoreList Ignored(string text, string name)
    {
        try { return IgnoreList.Parse(text, name); }
        catch (FormatException error) { throw new EngineException(ErrorKind.InvalidArgument, error.Message, error); }
    }

    private static async Task<string?> TextAsync(BuildSession session, string folder, string path, CancellationToken cancel)
    {
        var files = new ReceivedTexts();
        await FolderReceiver.ReceiveAsync(session, folder, path, files, cancel);
        return files.TextOf(path);
    }

    private static CallStream Uploaded(BuildSession session, Uri address, CancellationToken cancel)
    {
        var client = new Upload.UploadClient(session.InvokerOf("moby.upload.v1.Upload", "Pull"));
        return new CallStream(client.Pull(new Grpc.Core.Metadata { { "urlpath", address.AbsolutePath }, { "urlhost", address.Host } }, cancellationToken: cancel));
    }
}
