using Yun.Archives;
using Yun.Linux;

namespace Yun.Tests.EndToEnd;

/// <summary>A folder made for one test.</summary>
public sealed class ScratchFolder : IDisposable
{
    public ScratchFolder(params (string Path, string Text)[] files)
    {
        Path = Directory.CreateTempSubdirectory("yun-test-files.").FullName;
        foreach (var (path, text) in files)
            Write(path, text);
    }

    public string Path { get; }

    public string this[string path] => System.IO.Path.Combine(Path, path);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[path])!);
        File.WriteAllText(this[path], text);
    }

    public string Read(string path) => File.ReadAllText(this[path]);

    public void Dispose()
    {
        // By descriptor: archives leave names that are no text, which .NET's own removal does not find again.
        using var parent = PathDescriptor.Open(null, System.IO.Path.GetDirectoryName(Path)!, OpenFlags.ReadOnly | OpenFlags.Directory);
        TreeRemover.Remove(parent, System.IO.Path.GetFileName(Path));
    }

    public override string ToString() => Path;
}
