using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>A folder of the host's that a container must neither read nor change: its listing with times tells whether anything did.</summary>
internal sealed class Canary : IDisposable
{
    public const string Secret = "secret of the host";
    private readonly ScratchFolder _folder = new(("file", Secret), ("folder/inner", Secret));
    private readonly string _before;

    public Canary() => _before = Listing();

    public string Path => _folder.Path;

    public void AssertUntouched() => Assert.Equal(_before, Listing());

    public void Dispose() => _folder.Dispose();

    private string Listing() => string.Join('\n', new DirectoryInfo(Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Prepend(new DirectoryInfo(Path))
        .OrderBy(e => e.FullName, StringComparer.Ordinal).Select(e => $"{e.FullName} {e.UnixFileMode} {e.LastWriteTimeUtc.Ticks} {(e is FileInfo f ? f.Length : 0)}"));
}
