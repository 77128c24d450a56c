using Yun.Archives;
using Yun.Commands.Api;
using Yun.Commands.Format;
using Yun.Linux;

namespace Yun.Commands.Containers;

/// <summary><c>yun cp PATH CONTAINER:PATH</c>.</summary>
public sealed class CopyIn(Session session, string container, bool archive, bool followLink, bool quiet)
{
    public void Copy(string source, string destination)
    {
        var target = Destination(destination);
        if (source == "-")
        {
            if (!target.IsDirectory) throw new FailureException($"destination \"{container}:{target.Path}\" must be a directory");
            Send(target.Path, session.Input.CopyTo);
            return;
        }
        var local = LocalSource(source);
        var plan = CopyPlan.For(local, target);
        // What is given by name is opened from its parent, so that a link is copied as a link unless it was to be followed.
        var full = Path.GetFullPath(local.Path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/");
        var parent = local.IsContentOnly || full == "/" ? full : Path.GetDirectoryName(full)!;
        var name = parent == full ? "" : Path.GetFileName(full);
        using var root = PathDescriptor.Open(null, parent, OpenFlags.ReadOnly | OpenFlags.Directory);
        var counted = 0L;
        // The archive is made by the upload's own thread, which has nothing else to do but wait for it.
        Send(plan.Directory, body =>
        {
            var counting = new CountingStream(body);
            ArchiveWriter.WriteAsync(root, name, counting, new ArchiveOptions { Name = plan.Name }).GetAwaiter().GetResult();
            counted = counting.Count;
        });
        if (!quiet) session.Error.WriteLine($"Successfully copied {HumanSize.Decimal(counted, 3)} to {container}:{target.Path}");
    }

    private void Send(string directory, Action<Stream> write)
    {
        var query = new Query().Add("path", directory).Add("noOverwriteDirNonDir", "true").Add("copyUIDGID", archive ? "true" : null);
        using var response = session.Api.Send("PUT", $"/containers/{container}/archive{query}", upload: write, contentType: "application/x-tar");
        _ = response.ReadAll();
    }

    // A link is written through, as cp does: what it points to is the destination.
    private CopyEnd Destination(string path)
    {
        if (!path.StartsWith('/')) path = "/" + path;
        var stat = ContainerPath.Stat(session, container, path);
        if (stat?.IsSymbolicLink() == true)
        {
            path = stat.TargetOf(path);
            stat = ContainerPath.Stat(session, container, path);
        }
        return new CopyEnd(path, stat is not null, stat?.IsDirectory() == true);
    }

    private CopyEnd LocalSource(string path)
    {
        if (followLink && File.ResolveLinkTarget(path.TrimEnd('/'), returnFinalTarget: true) is { } target) path = target.FullName;
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        var isLink = info.LinkTarget is not null && !path.EndsWith('/') && !path.EndsWith("/.", StringComparison.Ordinal);
        if (!info.Exists && !isLink) throw new FailureException($"lstat {Path.GetFullPath(path)}: no such file or directory");
        return new CopyEnd(path, true, info is DirectoryInfo && !isLink);
    }
}
