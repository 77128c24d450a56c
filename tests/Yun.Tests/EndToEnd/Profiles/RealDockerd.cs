using Yun.Linux;
using Yun.Tests.Runtime.Engines;

namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>Debian's dockerd with its own containerd and runc, and the image busybox; started by the first test that asks.</summary>
public sealed class RealDockerd : IDisposable
{
    private readonly Lazy<Task<Client>> _client;
    private EngineFolder? _engine;

    public RealDockerd() => _client = new(StartAsync);

    public string DataRoot => _engine!["data"];

    public Task<Client> StartedAsync() => _client.Value;

    private async Task<Client> StartAsync()
    {
        var engine = _engine = new EngineFolder();
        PutRuncThere(engine);
        await Containerd.StartAsync(engine);
        engine.StartDaemon("dockerd", "--data-root", engine["data"], "--exec-root", engine["exec"], "--host", $"unix://{engine["docker.sock"]}", "--pidfile", engine["docker.pid"], "--containerd", engine["containerd.sock"],
            "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--storage-driver", "vfs", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + engine.Group);
        var client = new Client(TestTools.Docker, engine["docker.sock"], Directory.CreateDirectory(engine["client"]).FullName);
        await Eventually.HoldsAsync(async () => (await client.RunAsync("version")).ExitCode == 0);
        (await client.RunAsync("import", TestTools.BusyboxRoot, "busybox")).Succeeded();
        return client;
    }

    // runc does not start a container with capabilities that root itself has not got, as on a machine that is a container; the others it is to give.
    private static void PutRuncThere(EngineFolder engine)
    {
        var bounding = Capabilities.Bounding();
        var missing = Capabilities.Names.Where((_, number) => (bounding >> number & 1) == 0);
        var edits = string.Concat(missing.Select(name => $"s/,\"{name}\"//g; s/\"{name}\",//g; "));
        engine.Write("bin/runc", $"""
            #!/bin/sh
            previous=
            for word; do [ "$previous" != --bundle ] || sed -i '{edits}' "$word/config.json"; previous=$word; done
            exec {Path.Combine(engine.Programs, "runc")} "$@"
            """);
        File.SetUnixFileMode(engine["bin/runc"], (UnixFileMode)0x1ed);
    }

    public void Dispose() => _engine?.Dispose();
}
