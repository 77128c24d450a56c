using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Linux;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Files;
using Yun.Node.Builds.Patterns;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>What a RUN step gets mounted: its <c>--mount</c> flags, and a script that is executed as a file. Nothing of it becomes part of the layer.</summary>
internal sealed class StepMounts : IAsyncDisposable
{
    private readonly BuildRun _run;
    private readonly BuildStep _step;
    private readonly List<MountPoint> _points = [];
    private readonly List<string> _details = [];
    private readonly List<IDisposable> _locks = [];
    private readonly List<string> _stubs = [];
    private readonly List<string> _variables = [];
    private readonly List<Func<CancellationToken, Task>> _secrets = [];
    private int _agents;

    private StepMounts(BuildRun run, BuildStep step) => (_run, _step) = (run, step);

    public IReadOnlyList<MountPoint> Points => _points;

    /// <summary>What counts for the cache: the mounts as written, and a digest of what they show. What a cache mount holds never counts.</summary>
    public string Details => string.Join('\n', _details);

    public static async Task<StepMounts> OpenAsync(BuildRun run, Stage stage, BuildStep step, RunInstruction instruction, CancellationToken cancel)
    {
        var mounts = new StepMounts(run, step);
        try
        {
            foreach (var text in instruction.Mounts) await mounts.AddAsync(text, Read(text, instruction.Line), stage, cancel);
            return mounts;
        }
        catch
        {
            await mounts.DisposeAsync();
            throw;
        }
    }

    /// <summary>Variables that the command gets and nothing records.</summary>
    public IReadOnlyList<string> Variables => _variables;

    /// <summary>Fetches secrets and agents, which a step that is in the cache already has no use for.</summary>
    public async Task FetchSecretsAsync(CancellationToken cancel)
    {
        foreach (var fetch in _secrets) await fetch(cancel);
    }

    public void AddScript(HereDocument script)
    {
        var (folder, _) = _run.WriteFile(script.Name, script.Body, executable: true);
        Add(new MountPoint { Type = "bind", Source = folder, Target = RunScript.Folder, ReadOnly = true });
    }

    /// <summary>
    /// The folders that were made in the layer only to be mounted on are taken out again: empty ones, one by one, and through no link (CVE-2024-23652).
    /// </summary>
    public void RemoveStubs(string upperDirectory)
    {
        if (_stubs.Count == 0) return;
        using var upper = PathDescriptor.Open(null, upperDirectory, OpenFlags.Directory);
        foreach (var stub in _stubs)
            for (var path = stub; path.Length > 0 && RootedPath.RemoveIfEmpty(upper, path);) path = path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "";
    }

    public ValueTask DisposeAsync()
    {
        foreach (var held in _locks) held.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AddAsync(string text, RunMount mount, Stage stage, CancellationToken cancel)
    {
        _details.Add(text);
        if (mount.Type is "secret" or "ssh")
        {
            _secrets.Add(c => mount.Type == "secret" ? SecretAsync(text, mount, c) : AgentAsync(text, mount, c));
            return;
        }
        var target = CleanPath.Absolute("/", mount.Target).TrimEnd('/');
        if (target.Length == 0) throw Wrong(text, "the target cannot be the root");
        _stubs.Add(target[1..]);
        switch (mount.Type)
        {
            case "tmpfs":
                Add(new MountPoint { Type = "tmpfs", Target = target, TmpfsOptions = new TmpfsOptions { SizeBytes = mount.SizeBytes ?? 0 } });
                break;
            case "cache":
                if (mount.From is not null || mount.Source is not null) throw Wrong(text, "a cache mount that begins as a copy of something is not supported: leave out from and source");
                var (folder, held) = await _run.Caches.OpenAsync(mount.Id ?? target, mount, cancel);
                _locks.Add(held);
                Add(new MountPoint { Type = "bind", Source = folder, Target = target, ReadOnly = mount.ReadOnly });
                break;
            default:
                await BindAsync(text, mount, target, stage, cancel);
                break;
        }
    }

    private async Task SecretAsync(string text, RunMount mount, CancellationToken cancel)
    {
        var secret = _run.Request.Secrets is { } secrets ? await secrets.FindAsync(mount.Id!, cancel) : null;
        if (secret is null)
        {
            if (mount.Required) throw Missing(text, $"secret {mount.Id}: not found: give it with --secret id={mount.Id}");
            return;
        }
        if (mount.Variable is { } variable) _variables.Add($"{variable}={Encoding.UTF8.GetString(secret)}");
        if (mount.Target.Length == 0) return;
        var path = Path.Combine(_run.Unkept.Make("secret"), "secret");
        await File.WriteAllBytesAsync(path, secret, cancel);
        Show(path, mount, defaultMode: 0x100);
    }

    private async Task AgentAsync(string text, RunMount mount, CancellationToken cancel)
    {
        const string folder = "/run/buildkit/";
        var id = mount.Id ?? AgentSocket.DefaultId;
        if (_run.Request.Secrets is not { } secrets || !await secrets.HasAgentAsync(id, cancel))
        {
            if (mount.Required) throw Missing(text, $"no SSH agent \"{id}\": give it with --ssh {id}");
            return;
        }
        var path = Path.Combine(_run.Unkept.Make("agent"), "agent");
        _locks.Add(AgentSocket.Listen(path, c => secrets.ConnectAgentAsync(id, c)));
        var target = mount.Target.Length > 0 ? mount.Target : $"{folder}ssh_agent.{_agents}";
        if (_agents++ == 0) _variables.Add($"SSH_AUTH_SOCK={target}");
        Show(path, mount with { Target = target }, defaultMode: 0x180);
    }

    private void Show(string path, RunMount mount, uint defaultMode)
    {
        using (var folder = PathDescriptor.Open(null, Path.GetDirectoryName(path)!, OpenFlags.Directory))
        {
            FileAt.ChangeOwner(folder, Path.GetFileName(path), mount.Uid ?? 0, mount.Gid ?? 0);
            FileAt.ChangeMode(folder, Path.GetFileName(path), mount.Mode ?? defaultMode);
        }
        var target = CleanPath.Absolute("/", mount.Target).TrimEnd('/');
        _stubs.Add(target[1..]);
        Add(new MountPoint { Type = "bind", Source = path, Target = target, ReadOnly = true });
    }

    // The context is shown as it lies in the build's own directory. An image is shown by the container engine, which mounts it inside the container only.
    private async Task BindAsync(string text, RunMount mount, string target, Stage stage, CancellationToken cancel)
    {
        if (!mount.ReadOnly) throw Wrong(text, "a bind mount that can be written to is not supported: use type=cache or type=tmpfs");
        var source = mount.Source ?? "";
        var files = mount.From is { Length: > 0 } name ? await _run.FindFilesAsync(name, cancel) : null;
        if (files is null && mount.From is { Length: > 0 } from)
        {
            var image = await _run.FindSourceAsync(from, stage, _step, cancel) ?? throw Wrong(text, "scratch is empty");
            _details.Add(image.Id.ToString());
            var subpath = CleanPath.Of("/" + source)[1..];
            Add(new MountPoint
            {
                Type = "image", Source = image.Id.ToString(), Target = target, ReadOnly = true,
                ImageOptions = subpath.Length > 0 ? new ImageMountOptions { Subpath = subpath } : null,
            });
            return;
        }
        files ??= _run.Context;
        var found = new CopySources(await files.RootAsync(cancel), isContext: true, []).Find(CleanPath.Of("/" + source), mayUnpack: false)[0];
        _details.Add(await found.HashAsync(cancel));
        Add(new MountPoint { Type = "bind", Source = Path.Combine(files.DirectoryPath, found.Path.Path), Target = target, ReadOnly = true });
    }

    private void Add(MountPoint point) => _points.Add(point);

    private static RunMount Read(string text, int line)
    {
        try
        {
            return RunMount.Parse(text, new TextPlace(line, 1));
        }
        catch (DockerfileException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, error.Message, error);
        }
    }

    private static EngineException Missing(string text, string problem) => new(ErrorKind.NotFound, $"--mount={text}: {problem}");

    private static EngineException Wrong(string text, string problem) => new(ErrorKind.NotImplemented, $"--mount={text}: {problem}");
}
