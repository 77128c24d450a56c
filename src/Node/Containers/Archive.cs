using Yun.Archives;
using Yun.Archives.Paths;
using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>A path of a container, opened for <c>docker cp</c>. Disposing of it lets the container go.</summary>
public abstract class ContainerPath(PathStatus status) : IAsyncDisposable
{
    public PathStatus Status => status;

    /// <summary>The file or directory as a tar whose first entry has the path's last name.</summary>
    public abstract Task<Stream> OpenArchiveAsync(CancellationToken cancel);

    public abstract ValueTask DisposeAsync();
}

internal sealed class OpenedPath(ContainerRoot root, PathInRoot path, OwnerMap? owners) : ContainerPath(path.Status)
{
    public override Task<Stream> OpenArchiveAsync(CancellationToken cancel) => Task.FromResult(path.OpenArchive(owners, cancel));

    public override ValueTask DisposeAsync()
    {
        path.Dispose();
        root.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed partial class Container
{
    /// <exception cref="EngineException">404: nothing is there.</exception>
    public async Task<ContainerPath> OpenPathAsync(string path, CancellationToken cancel = default)
    {
        try
        {
            if (IsMachine) return await OpenMachinePathAsync(path, cancel);
            var root = await OpenRootAsync(withMounts: true, cancel);
            try { return new OpenedPath(root, PathInRoot.Open(root.Directory, path), UserNamespace?.Owners); }
            catch
            {
                root.Dispose();
                throw;
            }
        }
        catch (EngineException error) when (error.Kind == ErrorKind.NotFound) { throw Missing(path, error); }
    }

    /// <summary>Unpacks a tar, plain or compressed, into a directory of the container.</summary>
    /// <param name="keepKinds">Do not replace a directory by a file, nor a file by a directory.</param>
    /// <param name="ownByUser">What is unpacked belongs to the container's user, whoever owned it where it came from.</param>
    /// <exception cref="EngineException">404: there is no such directory. 400: it is a file, or the archive is damaged. 403: it is read-only.</exception>
    public async Task ExtractAsync(string path, Stream tar, bool keepKinds, bool ownByUser, CancellationToken cancel = default)
    {
        ownByUser &= Config.User is { Length: > 0 };
        try
        {
            if (IsMachine) await ExtractInMachineAsync(path, tar, keepKinds, ownByUser ? UserInImage(Config.User) : null, cancel);
            else
            {
                using var root = await OpenRootAsync(withMounts: true, cancel);
                PathInRoot.RequireWritableDirectory(root.Directory, path);
                var user = ownByUser ? UserLookup.Find(root.Directory, Config.User, null) : null;
                var options = new ExtractionOptions { Directory = CleanPath.Of("/" + path)[1..], KeepKinds = keepKinds, Owners = user is null, UserId = user?.Uid ?? 0, GroupId = user?.Gid ?? 0, OwnerMap = UserNamespace?.Owners };
                await ArchiveExtractor.ExtractAsync(tar, root.Directory, options, cancel);
            }
        }
        catch (EngineException error) when (error.Kind == ErrorKind.NotFound) { throw Missing(path, error); }
        Publish("extract-to-dir");
    }

    private EngineException Missing(string path, Exception cause) => new(ErrorKind.NotFound, $"Could not find the file {path} in container {Id}", cause);
}
