using System.Diagnostics;
using Yun.Linux;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Engines;

/// <summary>Somebody else's engine in a folder of its own, with yun-runtime below it. Its programs are the distribution's, unpacked and not installed.</summary>
internal sealed class EngineFolder : IDisposable
{
    private static readonly Lazy<(string? Folder, string Error)> s_programs = new(Unpack);
    private readonly ScratchFolder _folder = new();
    private readonly List<Process> _daemons = [];

    public EngineFolder()
    {
        Assert.SkipWhen(Environment.UserName != "root", "engines need root");
        Assert.SkipWhen(!File.Exists(TestTools.Runtime), $"{TestTools.Runtime} is not built; `make` builds it");
        Assert.SkipWhen(s_programs.Value.Folder is null, $"the engines cannot be had here: {s_programs.Value.Error}");
        Directory.CreateDirectory(Root);
        System.Formats.Tar.TarFile.ExtractToDirectory(TestTools.BusyboxRoot, Root, overwriteFiles: true);
    }

    public string this[string path] => _folder[path];

    /// <summary>A root file system with busybox.</summary>
    public string Root => _folder["root"];

    /// <summary>The cgroup below which the engine makes its own, since no engine removes the one it is given.</summary>
    public string Group { get; } = "yun-test-" + Guid.NewGuid().ToString("N");

    public Dictionary<string, string> Variables { get; } = [];

    public string Programs => s_programs.Value.Folder!;

    public void Write(string path, string text) => _folder.Write(path, text);

    public Command Command(string program, params string[] arguments)
    {
        var command = new Command(Path.Combine(s_programs.Value.Folder!, program), arguments);
        // Engines look for one another and for runc by name.
        command.Environment["PATH"] = $"{_folder["bin"]}:{s_programs.Value.Folder}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in Variables) command.Environment[name] = value;
        return command;
    }

    public void StartDaemon(string program, params string[] arguments)
    {
        var process = Command(program, arguments).Start();
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _daemons.Add(process);
    }

    public void Dispose()
    {
        for (var i = _daemons.Count - 1; i >= 0; i--)
        {
            Signals.Send(_daemons[i].Id, 15);
            if (!_daemons[i].WaitForExit(20_000)) _daemons[i].Kill(entireProcessTree: true);
            _daemons[i].Dispose();
        }
        foreach (var line in File.ReadAllLines("/proc/self/mountinfo").Reverse())
            if (line.Split(' ')[4] is var point && point.StartsWith(_folder.Path + "/", StringComparison.Ordinal)) MountTree.Detach(point);
        RemoveGroup();
        _folder.Dispose();
    }

    // What an engine started beside a container, such as Podman's conmon, ends a moment after it, and until then its cgroup stays.
    private void RemoveGroup()
    {
        var cgroup = Yun.Linux.Cgroups.Cgroup.At("/" + Group);
        for (var tries = 0; !cgroup.TryRemove(); tries++)
        {
            if (tries == 100) throw new Xunit.Sdk.XunitException($"The cgroup {Group} of an engine is left.");
            Thread.Sleep(100);
        }
    }

    private static (string?, string) Unpack()
    {
        var result = new Command(Path.Combine(Repository.Root, "scripts", "engines")) { Deadline = TimeSpan.FromMinutes(5) }.RunAsync().GetAwaiter().GetResult();
        return result.ExitCode == 0 ? (result.Text, "") : (null, result.Error.Trim());
    }
}
