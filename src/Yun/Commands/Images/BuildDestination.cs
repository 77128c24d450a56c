using Yun.Archives;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.Linux;

namespace Yun.Commands.Images;

/// <summary>Where <c>yun build --output</c> puts the result, beside the daemon's own store.</summary>
/// <param name="Type">local and tar for the image's files; docker and oci for the image as an archive, which is both.</param>
/// <param name="Path">A folder for local, otherwise a file; <c>-</c> is standard output.</param>
public sealed record BuildDestination(string Type, string Path)
{
    public const string StandardOutput = "-";

    /// <summary>Reads <c>type=TYPE,dest=PATH</c>, and <c>PATH</c> alone: a folder, or a tar on standard output.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static BuildDestination Parse(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal)) return text == StandardOutput ? new("tar", text) : new("local", text);
        var fields = KeyValue.ToMap(text.Split(','))!;
        if (fields.Keys.FirstOrDefault(key => key is not ("type" or "dest")) is { } unknown) throw new FormatException($"invalid output '{text}': unexpected key '{unknown}', expected type and dest");
        var type = fields.GetValueOrDefault("type", "");
        if (type is not ("local" or "tar" or "docker" or "oci")) throw new FormatException($"invalid output '{text}': expected type=local, tar, docker or oci");
        if (fields.GetValueOrDefault("dest") is not { Length: > 0 } path || type == "local" && path == StandardOutput) throw new FormatException($"invalid output '{text}': dest is required");
        return new(type, path);
    }

    /// <summary>Fails early where nothing could be written later.</summary>
    public void Check()
    {
        if (Type != "local" && Path != StandardOutput) OutputFile.Check(Path, "build");
    }

    /// <param name="names">What the image is called in an archive; none leaves it without a name.</param>
    public void Take(Session session, string id, IReadOnlyList<string> names)
    {
        var path = Type is "local" or "tar" ? $"/images/{id}/files" : "/images/get" + new Query().AddEach("names", names.Count > 0 ? names : [id]);
        using var response = session.Api.Send("GET", path);
        if (Type == "local") Unpack(response.Body);
        else OutputFile.Save(response.Body, Path == StandardOutput ? null : Path, session.Output);
    }

    private void Unpack(Stream tar)
    {
        Directory.CreateDirectory(Path);
        using var root = PathDescriptor.Open(null, Path, OpenFlags.ReadOnly | OpenFlags.Directory);
        // Everything belongs to the caller, as with files that a compiler writes; whatever the archive says, nothing outside the folder is touched.
        var options = new ExtractionOptions { Owners = false, UserId = UserIdentity.UserId, GroupId = UserIdentity.GroupId, Devices = false };
        ArchiveExtractor.ExtractAsync(tar, root, options).GetAwaiter().GetResult();
    }
}
