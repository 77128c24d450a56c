using System.Formats.Tar;
using System.Text.Json;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime;
using Yun.Runtime.Commands;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime;

/// <summary>A bundle with busybox as its root, and cgroups of its own; everything is gone when it is disposed.</summary>
internal sealed class BusyboxBundle : IDisposable
{
    private readonly List<string> _cgroups = [];

    public BusyboxBundle()
    {
        Folder = Directory.CreateTempSubdirectory("yun-bundle-").FullName;
        Directory.CreateDirectory(Root);
        TarFile.ExtractToDirectory(TestTools.BusyboxRoot, Root, overwriteFiles: true);
    }

    public string Folder { get; }
    public string LastCgroup { get { lock (_cgroups) return _cgroups[^1]; } }
    public string Root => Path.Combine(Folder, "rootfs");

    public RuntimeSpec Spec(params string[] arguments)
    {
        var spec = DefaultSpec.Make();
        spec.Process!.Terminal = false;
        spec.Process.Args = [.. arguments];
        return spec;
    }

    public void Write(RuntimeSpec spec) => File.WriteAllText(Path.Combine(Folder, "config.json"), JsonSerializer.Serialize(spec, RuntimeSpecJson.Default.RuntimeSpec));

    /// <summary>Starts it as a child of this process, with a cgroup of its own.</summary>
    public LaunchedProcess Launch(RuntimeSpec spec, Func<LaunchRequest, LaunchRequest>? change = null)
    {
        var id = "yun-test-" + Guid.NewGuid().ToString("N");
        spec.Linux!.CgroupsPath = "/" + id;
        lock (_cgroups) _cgroups.Add(spec.Linux.CgroupsPath);
        var request = new LaunchRequest { Id = id, Spec = spec, Bundle = Folder };
        return ContainerLauncher.Launch(change is null ? request : change(request));
    }

    /// <summary>Runs it to its end and gives what it wrote.</summary>
    public (int ExitCode, string Output) Run(RuntimeSpec spec)
    {
        using var pipe = new Pipe();
        using var process = Launch(spec, request => request with { StdoutFd = (int)pipe.Write.DangerousGetHandle(), StderrFd = (int)pipe.Write.DangerousGetHandle() });
        pipe.Write.Dispose();
        using var reader = new StreamReader(new FileStream(pipe.Read, FileAccess.Read, 1));
        var output = reader.ReadToEnd();
        return (ProcessDescriptor.Wait(process.PidFd).Code, output);
    }

    public void Dispose()
    {
        foreach (var path in _cgroups)
        {
            var cgroup = Cgroup.At(path);
            for (var tries = 0; !cgroup.TryRemove() && tries < 1000; tries++)
            {
                cgroup.Kill();
                Thread.Sleep(5);
            }
        }
        Directory.Delete(Folder, recursive: true);
    }
}
