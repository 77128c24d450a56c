using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Cgroups;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>The making of a container from a checkpoint: its place and cgroup are ours as with any other, its processes CRIU's to make, as children of ours.</summary>
internal static class RestoredContainer
{
    public static NewContainer Make(string id, LaunchOptions launch, RestoreOptions options, RuntimeSettings settings)
    {
        var streams = OutsideFiles.LoadStreams(options.Criu.Images);
        var spec = Bundle.Read(launch.BundlePath);
        spec.Linux ??= new SpecLinux();
        spec.Linux.CgroupsPath = spec.Linux.CgroupsPath is { Length: > 0 } path ? "/" + path.Trim('/') : $"/{id}";
        Check(spec, options.Criu);
        var criu = Criu.Find(settings);
        ContainerState.Reserve(settings, id, spec.Linux.CgroupsPath);
        var cgroup = Cgroup.At(spec.Linux.CgroupsPath);
        LaunchedProcess? process = null;
        try
        {
            if (!options.Criu.MakesCgroups)
            {
                cgroup.Create();
                CgroupSettings.Apply(cgroup, spec.Linux.Resources, CgroupLayout.Machine);
            }
            process = Restore(criu, spec, launch, options, streams, Path.Combine(ContainerState.DirectoryOf(settings, id), "pid"));
            var state = NewContainer.StateOf(id, spec, launch, process.Pid);
            state.Save(settings);
            launch.WritePid(process.Pid);
            if (state.HasHooks) ContainerHooks.Started(state);
            return new NewContainer(state, process);
        }
        catch
        {
            if (process is not null) NewContainer.Undo(process, cgroup);
            cgroup.TryRemove();
            ContainerState.Forget(settings, id);
            throw;
        }
    }

    private static void Check(RuntimeSpec spec, CriuOptions options)
    {
        if (options.MakesCgroups && CgroupLayout.Machine.IsUnifiedOnly)
            throw new UsageException("--manage-cgroups-mode is strict, but CRIU does not bring back the device rules of cgroups v2; use soft or full");
        if (spec.Process?.Terminal == true) throw new UsageException("process.terminal is true, but no checkpoint is made of a container with a terminal");
        // CRIU makes namespaces, mounts and processes in one; there is no moment between them for hooks.
        foreach (var (kind, hooks) in new[] { ("prestart", spec.Hooks?.Prestart), ("createRuntime", spec.Hooks?.CreateRuntime), ("createContainer", spec.Hooks?.CreateContainer), ("startContainer", spec.Hooks?.StartContainer) })
            if (hooks is { Count: > 0 }) throw new UsageException($"hooks.{kind} are not run by a restore; take them out of config.json to restore without them");
    }

    private static LaunchedProcess Restore(Criu criu, RuntimeSpec spec, LaunchOptions launch, RestoreOptions options, List<string> streams, string pidFile)
    {
        var root = Path.GetFullPath(spec.Root?.Path ?? "", launch.BundlePath);
        var words = options.Criu.Line("restore", "restore.log");
        words.AddRange(["--root", root, "--restore-detached", "--restore-sibling", "--pidfile", pidFile, .. options.Labels]);
        var cgroup = Cgroup.At(spec.Linux!.CgroupsPath!);
        if (options.Criu.IgnoresCgroups) criu.Cgroup = cgroup;
        else words.AddRange(["--cgroup-root", cgroup.Path]);
        criu.Root = root;
        foreach (var (destination, source) in OutsideFiles.Mounts(spec, launch.BundlePath, cgroup)) words.AddRange(["--external", $"mnt[{destination}]:{source}"]);
        var given = new List<SafeFileHandle>();
        try
        {
            foreach (var (_, path, name) in OutsideFiles.Namespaces(spec))
            {
                given.Add(PathDescriptor.Open(null, path, OpenFlags.ReadOnly));
                words.AddRange(["--inherit-fd", $"fd[{criu.Give(given[^1])}]:{name}"]);
            }
            for (var i = 0; i < streams.Count; i++)
            {
                if (streams[i].Length == 0 || streams.IndexOf(streams[i]) < i) continue;
                using var own = new SafeFileHandle(i, ownsHandle: false);
                // The place in a file is restored as well, and a stream has none.
                if (streams[i].StartsWith("file[", StringComparison.Ordinal) && FileAt.Status(own).Kind is FileKind.Fifo or FileKind.Socket)
                    throw new UsageException($"descriptor {i} was a file when the checkpoint was taken and is a stream now; give restore a file there");
                given.Add(Descriptors.Duplicate(own));
                words.AddRange(["--inherit-fd", $"fd[{criu.Give(given[^1])}]:{streams[i]}"]);
            }
            Files.MakeDirectories(options.Criu.Work, 0x1c0);
            criu.Run(words, Path.Combine(options.Criu.Work, "restore.log"));
        }
        finally
        {
            foreach (var descriptor in given) descriptor.Dispose();
        }
        var pid = int.Parse(KernelFile.Read(pidFile));
        Files.TryRemove(pidFile);
        return new LaunchedProcess(pid, ProcessDescriptor.Open(pid), null);
    }
}
