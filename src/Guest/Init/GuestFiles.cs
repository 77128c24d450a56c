using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Archives.Paths;
using Yun.Linux;
using Yun.Protocol;
using Yun.Runtime;

namespace Yun.Guest.Init;

/// <summary>
/// Reads and writes the container's files for the engine, by a process of our own program for each request: <c>status PATH</c>, <c>get PATH</c>, <c>put PATH KEEP OWNER</c>,
/// <c>export</c>, <c>changes</c>, <c>layer FREEZE</c>. It ends with 0, or as <see cref="ErrorExit"/> says.
/// </summary>
internal static class GuestFiles
{
    /// <param name="firstPid">The container's first process; 0 in a machine that runs no program.</param>
    /// <param name="words">What is asked, each escaped as in a URL, with spaces between.</param>
    public static (LaunchedProcess, LaunchPorts) Start(string words, int firstPid)
    {
        using var pipes = new StreamPipes();
        List<string> arguments = ["/init", "files", firstPid.ToString(CultureInfo.InvariantCulture)];
        foreach (var word in words.Split(' ')) arguments.Add(Uri.UnescapeDataString(word));
        var process = ProcessSpawn.Start(arguments, [], pipes.Input.Read, pipes.Output.Write, pipes.Errors.Write);
        return (new LaunchedProcess(0, process, null), pipes.Ports());
    }

    /// <summary>What the process does.</summary>
    public static int Run(ReadOnlySpan<string> words)
    {
        try
        {
            Do(int.Parse(words[0], CultureInfo.InvariantCulture), words[1..]);
            return 0;
        }
        catch (Exception failed)
        {
            Console.Error.WriteLine(failed.Message);
            return ErrorExit.CodeOf((failed as EngineException)?.Kind ?? ErrorKind.Internal);
        }
    }

    private static void Do(int firstPid, ReadOnlySpan<string> words)
    {
        switch (words)
        {
            case ["status", var path]:
                using (var root = OpenRoot(firstPid))
                using (var opened = PathInRoot.Open(root, path)) Write(Encoding.UTF8.GetBytes(opened.Status.ToLine() + "\n"));
                break;
            case ["get", var path]:
                using (var root = OpenRoot(firstPid))
                using (var opened = PathInRoot.Open(root, path)) opened.WriteArchive(new TarWriter(Write));
                break;
            case ["put", var path, var keep, var owner]:
                using (var root = OpenRoot(firstPid)) Put(root, path, keep.Length > 0, owner);
                break;
            case ["export"]:
                using (var root = firstPid == 0 ? MountTree.Clone(GuestRoot.AtRest, recursive: false) : MountNamespace.CloneFrom(firstPid, "/", recursive: false)) WriteTar(root, new ArchiveOptions { Name = "", CrossMounts = false });
                break;
            case ["changes"]: WriteChanges(); break;
            case ["layer", var freeze]: WriteLayer(freeze.Length > 0); break;
            default: throw new EngineException(ErrorKind.InvalidArgument, $"yun-guest files does not know '{string.Join(' ', words.ToArray())}'");
        }
    }

    private static SafeFileHandle OpenRoot(int firstPid) => PathDescriptor.Open(null, firstPid == 0 ? GuestRoot.AtRest : $"/proc/{firstPid}/root", OpenFlags.Path | OpenFlags.Directory);

    private static void Put(SafeFileHandle root, string path, bool keepKinds, string owner)
    {
        PathInRoot.RequireWritableDirectory(root, path);
        var options = new ExtractionOptions { Directory = CleanPath.Of("/" + path)[1..], KeepKinds = keepKinds };
        if (owner.Split(':') is [var user, var group])
            (options.Owners, options.UserId, options.GroupId) = (false, uint.Parse(user, CultureInfo.InvariantCulture), uint.Parse(group, CultureInfo.InvariantCulture));
        using var extraction = new Extraction(root, options);
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        extraction.Run(new TarReader(input), CancellationToken.None);
    }

    private static void WriteChanges()
    {
        using var upper = OpenFolder(GuestRoot.Upper);
        using var below = OpenFolder(GuestRoot.Image);
        foreach (var change in OverlayChanges.Of(upper, below)) Write(Encoding.UTF8.GetBytes($"{(int)change.Kind}{change.Path}\0"));
    }

    /// <param name="freeze">Who writes waits until this process has ended: the first one thaws.</param>
    private static void WriteLayer(bool freeze)
    {
        using var upper = OpenFolder(GuestRoot.Upper);
        if (freeze) FileSystemFreeze.Begin(upper);
        WriteTar(upper, new ArchiveOptions { Whiteouts = true });
    }

    private static SafeFileHandle OpenFolder(string path) => PathDescriptor.Open(null, path, OpenFlags.ReadOnly | OpenFlags.Directory);

    private static void WriteTar(SafeFileHandle root, ArchiveOptions options)
    {
        var tar = new TarWriter(Write);
        new ArchiveWriter(tar, options, null, CancellationToken.None).Write(root, "");
        tar.Finish();
    }

    private static void Write(ReadOnlySpan<byte> bytes)
    {
        using var output = new SafeFileHandle(1, ownsHandle: false);
        Pipe.WriteAll(output, bytes);
    }
}
