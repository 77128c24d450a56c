using Yun.Archives;
using Yun.Commands.Api;
using Yun.Commands.Format;
using Yun.Linux;

namespace Yun.Commands.Containers;

/// <summary><c>yun cp CONTAINER:PATH PATH</c>.</summary>
public sealed class CopyOut(Session session, string container, bool archive, bool followLink, bool quiet)
{
    public void Copy(string source, string destination)
    {
        if (!source.StartsWith('/')) source = "/" + source;
        if (followLink && ContainerPath.Stat(session, container, source) is { } link && link.IsSymbolicLink()) source = link.TargetOf(source);
        if (destination != "-" && Path.GetDirectoryName(Path.GetFullPath(destination.TrimEnd('/') is { Length: > 0 } d ? d : "/")) is { } above && !Directory.Exists(above))
        {
            throw new FailureException($"invalid output path: directory \"{above}\" does not exist");
        }
        using var response = session.Api.Send("GET", $"/containers/{container}/archive{new Query().Add("path", source)}");
        if (destination == "-")
        {
            response.Body.CopyTo(session.Output);
            return;
        }
        var from = new CopyEnd(source, true, ContainerPath.Parse(response).IsDirectory());
        var to = LocalDestination(destination);
        var plan = CopyPlan.For(from, to);
        var bytes = plan.Name is { Length: > 0 } name ? UnpackAs(response.Body, plan.Directory, name, from) : Unpack(response.Body, plan.Directory);
        if (!quiet) session.Error.WriteLine($"Successfully copied {HumanSize.Decimal(bytes, 3)} to {destination}");
    }

    // A link to a directory is that directory; a link to a file, or to nothing, is replaced.
    private static CopyEnd LocalDestination(string path) => new(path, Directory.Exists(path) || File.Exists(path), Directory.Exists(path));

    private long Unpack(Stream tar, string directory)
    {
        using var root = PathDescriptor.Open(null, directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        var options = new ExtractionOptions { Owners = archive, UserId = UserIdentity.UserId, GroupId = UserIdentity.GroupId, KeepKinds = true };
        // A command has one thread, and this is all it does; whatever the archive says, nothing outside the directory is touched.
        return ArchiveExtractor.ExtractAsync(tar, root, options).GetAwaiter().GetResult().Bytes;
    }

    // Unpacked beside its place under its own name and then renamed, so that what was there before is whole until the end.
    private long UnpackAs(Stream tar, string directory, string name, CopyEnd source)
    {
        var temporary = Path.Combine(directory, $".yun-cp-{Environment.ProcessId}");
        var target = Path.Combine(directory, name);
        Directory.CreateDirectory(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            var bytes = Unpack(tar, temporary);
            var entries = Directory.GetFileSystemEntries(temporary);
            if (source.IsContentOnly && source.IsDirectory)
            {
                var content = entries is [var only] && Path.GetFileName(only) == Path.GetFileName(source.Path[..^2]) ? only : temporary;
                Directory.Move(content, target);
            }
            else if (entries is not [var entry]) throw new FailureException($"the daemon sent {entries.Length} things for {source.Path}");
            else if (source.IsDirectory) Directory.Move(entry, target);
            else File.Move(entry, target, overwrite: true);
            return bytes;
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }
}
