using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Protocol;

namespace Yun.Node.Builds.Files;

/// <summary><c>--chown=user[:group]</c>: numbers as they are, names by the image's own passwd and group files.</summary>
internal static class OwnerLookup
{
    private const long FileBytesMax = 16 << 20;

    public static (uint User, uint Group) Find(SafeFileHandle root, string owner)
    {
        var parts = owner.Split(':');
        if (parts.Length > 2 || parts[0].Length == 0) throw Wrong($"invalid chown string format: {owner}");
        var group = parts.Length == 2 && parts[1].Length > 0 ? parts[1] : parts[0];
        return (
            Id(root, "etc/passwd", parts[0]) ?? throw Wrong($"can't find uid for user {parts[0]}: no such user: {parts[0]}"),
            Id(root, "etc/group", group) ?? throw Wrong($"can't find gid for group {group}: no such group: {group}"));
    }

    private static uint? Id(SafeFileHandle root, string file, string name)
    {
        if (uint.TryParse(name, out var number)) return number;
        var found = RootedPath.Find(root, file);
        if (found.Kind != PathKind.Other) return null;
        using var stream = RootedPath.OpenFile(root, found.Path);
        if (stream.Length > FileBytesMax) throw Wrong($"/{file} of the image is larger than {FileBytesMax} bytes");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(':');
            if (fields.Length > 2 && fields[0] == name && uint.TryParse(fields[2], out number)) return number;
        }
        return null;
    }

    private static EngineException Wrong(string problem) => new(ErrorKind.InvalidArgument, $"unable to convert uid/gid chown string to host mapping: {problem}");
}
