using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Yun.Archives;
using Yun.Linux;
using Yun.Node.Builds.Patterns;

namespace Yun.Commands.Images;

/// <summary>What a build is sent: a directory without what <c>.dockerignore</c> names, an archive or a Dockerfile from the input, or an address.</summary>
public sealed class BuildContext : IDisposable
{
    private const string IgnoreFile = ".dockerignore";
    private const string DefaultDockerfile = "Dockerfile";

    private readonly string? _directory;
    private readonly byte[] _head = [];
    private readonly Stream? _input;
    /// <summary>A Dockerfile from elsewhere, which travels under a name that nothing else has.</summary>
    private readonly byte[]? _foreignDockerfile;

    private BuildContext(string dockerfile) => Dockerfile = dockerfile;

    private BuildContext(string directory, string dockerfile, byte[]? foreignDockerfile) => (_directory, Dockerfile, _foreignDockerfile) = (directory, dockerfile, foreignDockerfile);

    private BuildContext(Stream input, byte[] head, string dockerfile) => (_input, _head, Dockerfile) = (input, head, dockerfile);

    /// <summary>The path of the Dockerfile inside the context.</summary>
    public string Dockerfile { get; }

    /// <summary>An address that the daemon fetches itself.</summary>
    public string? Remote { get; private init; }

    public static BuildContext Open(Stream input, string source, string? dockerfile)
    {
        if (source == "-") return FromInput(input, dockerfile);
        if (IsAddress(source)) return new BuildContext(dockerfile ?? DefaultDockerfile) { Remote = source };
        if (!Directory.Exists(source)) throw new FailureException($"unable to prepare context: path \"{source}\" not found");
        return FromDirectory(input, Path.GetFullPath(source), dockerfile);
    }

    private static bool IsAddress(string text) => text.StartsWith("http://", StringComparison.Ordinal) || text.StartsWith("https://", StringComparison.Ordinal)
        || text.StartsWith("git://", StringComparison.Ordinal) || text.StartsWith("git@", StringComparison.Ordinal) || text.StartsWith("github.com/", StringComparison.Ordinal);

    private static BuildContext FromDirectory(Stream input, string directory, string? dockerfile)
    {
        if (dockerfile == "-") return new BuildContext(directory, $".dockerfile.{Environment.ProcessId:x}{Random.Shared.NextInt64():x}", ReadAll(input));
        var path = dockerfile is null ? Path.Combine(directory, DefaultDockerfile) : Path.GetFullPath(dockerfile);
        // In Docker -f counts from where the user stands; an older habit counts from the context.
        if (dockerfile is not null && !File.Exists(path) && File.Exists(Path.Combine(directory, dockerfile))) path = Path.Combine(directory, dockerfile);
        if (!File.Exists(path)) throw new FailureException($"unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat {path}: no such file or directory");
        var relative = Path.GetRelativePath(directory, path);
        if (!relative.StartsWith("..", StringComparison.Ordinal)) return new BuildContext(directory, relative, null);
        return new BuildContext(directory, $".dockerfile.{Environment.ProcessId:x}{Random.Shared.NextInt64():x}", File.ReadAllBytes(path));
    }

    private static BuildContext FromInput(Stream input, string? dockerfile)
    {
        if (dockerfile == "-") throw new FailureException("invalid argument: can't use stdin for both build context and dockerfile");
        var head = new byte[512];
        var filled = 0;
        while (filled < head.Length && input.Read(head, filled, head.Length - filled) is > 0 and var count) filled += count;
        head = head[..filled];
        if (IsArchive(head)) return new BuildContext(input, head, dockerfile ?? DefaultDockerfile);
        if (filled == 0) throw new FailureException("unable to prepare context: failed to peek context header from STDIN: EOF");
        using var whole = new MemoryStream();
        whole.Write(head);
        input.CopyTo(whole);
        using var tar = new MemoryStream();
        using (var writer = new System.Formats.Tar.TarWriter(tar, leaveOpen: true)) WriteEntry(writer, DefaultDockerfile, whole.ToArray());
        return new BuildContext(Stream.Null, tar.ToArray(), DefaultDockerfile);
    }

    private static bool IsArchive(ReadOnlySpan<byte> head) =>
        head.StartsWith<byte>([0x1f, 0x8b]) || head.StartsWith("BZh"u8) || head.StartsWith<byte>([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) || head.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])
        || (head.Length >= 262 && head[257..262].SequenceEqual("ustar"u8));

    public void Write(Stream body, bool compress)
    {
        using var gzip = compress ? new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true) : null;
        var target = gzip ?? body;
        if (_directory is null)
        {
            target.Write(_head);
            _input!.CopyTo(target);
            return;
        }
        var ignore = ReadIgnoreList(out var text);
        // Not disposed of: that would end the archive, and the directory's entries follow.
        var extra = new System.Formats.Tar.TarWriter(target, leaveOpen: true);
        if (_foreignDockerfile is not null)
        {
            WriteEntry(extra, Dockerfile, _foreignDockerfile);
            // Named in .dockerignore as well, so that COPY does not see it.
            WriteEntry(extra, IgnoreFile, Encoding.UTF8.GetBytes($"{text}\n{IgnoreFile}\n{Dockerfile}\n"));
        }
        using var root = PathDescriptor.Open(null, _directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        var options = new ArchiveOptions { Name = "", Skip = path => path != Dockerfile && (_foreignDockerfile is not null && path == IgnoreFile || path != IgnoreFile && IsLeftOut(ignore, path)) };
        // This is the upload's own thread, which has nothing else to do but wait for it.
        ArchiveWriter.WriteAsync(root, "", target, options).GetAwaiter().GetResult();
    }

    private IgnoreList ReadIgnoreList(out string text)
    {
        var path = Path.Combine(_directory!, IgnoreFile);
        text = File.Exists(path) ? File.ReadAllText(path) : "";
        try
        {
            return IgnoreList.Parse(text);
        }
        catch (FormatException error)
        {
            throw new FailureException($"error checking context: {error.Message}");
        }
    }

    // A folder that is ignored still goes along when a line of the list takes something in it back in.
    private bool IsLeftOut(IgnoreList ignore, string path)
    {
        if (!ignore.IsIgnored(path)) return false;
        var full = Path.Combine(_directory!, path);
        if (Dockerfile.StartsWith(path + "/", StringComparison.Ordinal)) return false;
        if (!ignore.TakesBack || !Directory.Exists(full) || new DirectoryInfo(full).LinkTarget is not null) return true;
        return Directory.EnumerateFileSystemEntries(full).All(entry => IsLeftOut(ignore, $"{path}/{Path.GetFileName(entry)}"));
    }

    private static void WriteEntry(System.Formats.Tar.TarWriter writer, string name, byte[] content)
    {
        using var data = new MemoryStream(content);
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, DataStream = data });
    }

    private static byte[] ReadAll(Stream input)
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }

    public void Dispose() => _input?.Dispose();
}
