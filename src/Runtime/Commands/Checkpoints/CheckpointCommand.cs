using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary><c>checkpoint ID</c>: writes a running container to files and, as runc does, removes it; with <c>--leave-running</c> or <c>--pre-dump</c> it goes on.</summary>
internal static class CheckpointCommand
{
    private const string LogName = "dump.log";

    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var options = new CheckpointOptions();
        line.Options(options.Take);
        var id = line.Required("the container's id");
        line.Options(options.Take);
        if (line.Next() is { } extra) throw new UsageException($"'{extra}' is one word too many");
        options.Check();
        var state = ContainerState.Load(settings, id);
        var status = state.Status(settings);
        if (status is not ("running" or "paused")) throw new UsageException($"cannot checkpoint a container that is {status}: {id}; it must be running");
        var criu = Criu.Find(settings);
        using (var images = ImageFolder.Make(options.Criu.Images))
        {
            Dump(criu, state, options);
            images.Keep();
        }
        if (!options.GoesOn) DeleteCommand.Remove(state, settings);
        return 0;
    }

    private static void Dump(Criu criu, ContainerState state, CheckpointOptions options)
    {
        var spec = Bundle.Read(state.Bundle);
        if (spec.Linux?.Namespaces?.Exists(n => n.Type == "user") == true)
            throw new UsageException($"cannot checkpoint container {state.Id}: it has a user namespace, as whose root CRIU's restore would open its images and its streams, and may not");
        if (spec.Process?.Terminal == true)
            throw new UsageException($"cannot checkpoint container {state.Id}: process.terminal is true, and who holds the other end of its terminal cannot be given it again; start it without a terminal");
        var streams = OutsideFiles.Streams(state.Pid);
        Files.MakeDirectories(options.Criu.Work, 0x1c0);
        if (!options.PreDump) OutsideFiles.SaveStreams(options.Criu.Images, streams);
        List<string> words = [.. options.Line(LogName), "--tree", $"{state.Pid}", "--root", state.Rootfs];
        if (FreezerOf(Cgroup.At(state.CgroupPath)) is { } freezer) words.AddRange(["--freeze-cgroup", freezer]);
        foreach (var name in Externals(spec, state, streams)) words.AddRange(["--external", name]);
        criu.Run(words, Path.Combine(options.Criu.Work, LogName));
    }

    private static IEnumerable<string> Externals(RuntimeSpec spec, ContainerState state, List<string> streams)
    {
        foreach (var (destination, _) in OutsideFiles.Mounts(spec, state.Bundle, Cgroup.At(state.CgroupPath))) yield return $"mnt[{OutsideFiles.PlaceOf(state.Pid, destination)}]:{destination}";
        foreach (var (file, _, name) in OutsideFiles.Namespaces(spec))
            if (Files.Identity($"/proc/{state.Pid}/ns/{file}") is { } identity) yield return $"{file}[{identity.Inode}]:{name}";
        // Pipes need no leave to be of the outside.
        foreach (var name in new HashSet<string>(streams))
            if (name.StartsWith("file[", StringComparison.Ordinal) || name.StartsWith("tty[", StringComparison.Ordinal)) yield return name;
    }

    private static string? FreezerOf(Cgroup cgroup) => cgroup.DirectoryOf("freezer") ?? (CgroupLayout.Machine.Unified is { } unified ? cgroup.DirectoryIn(unified) : null);
}
