using System.Security.Cryptography;
using System.Text;
using Yun.Linux;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Files;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

internal sealed partial class StageBuild
{
    private async Task RunAsync(RunInstruction instruction, CancellationToken cancel)
    {
        if (Current is not { } image) throw new EngineException(ErrorKind.InvalidArgument, $"dockerfile line {instruction.Line}: RUN has nothing to run in: FROM scratch is empty until something is copied into it");
        var script = RunScript.Of(instruction, ConfigChange.ShellOf(_config));
        await using var mounts = await StepMounts.OpenAsync(run, Stage, _step, instruction, cancel);
        if (script.File is { } file) mounts.AddScript(file);

        var environment = _config.Env ?? [];
        var shown = _arguments.ForHistory(environment);
        var command = string.Join(' ', script.Arguments);
        var step = Step(shown.Count > 0 ? $"|{shown.Count} {string.Join(' ', shown)} {command}" : command, $"{instruction.Network}\n{mounts.Details}\n{Hash(script.File?.Body)}");
        using var turn = await TurnAsync(step, cancel);
        if (await TryCacheAsync(step, cancel)) return;
        var platform = run.PlatformOf(image);
        if (!RunnablePlatforms.CanRun(platform))
            throw new EngineException(ErrorKind.InvalidArgument, $"RUN cannot be done for {platform}: this machine runs {string.Join(", ", RunnablePlatforms.All)}. Register an emulator (the package qemu-user-static does), or begin the stage with FROM --platform=$BUILDPLATFORM and copy from it");
        await mounts.FetchSecretsAsync(cancel);

        string id;
        await using (var container = await run.Containers.CreateAsync(image, ConfigOf(script, environment, mounts), HostConfigOf(instruction, mounts), keep: !run.Request.RemoveContainers, cancel))
        {
            id = container.Id[..12];
            await run.Output.NoteAsync(_step, $" ---> Running in {id}", cancel);
            var exitCode = await container.RunAsync((text, isError) => run.Output.WrittenAsync(_step, text, isError, cancel), cancel);
            if (exitCode != 0) throw new BuildCommandException(script.Arguments, exitCode);
            mounts.RemoveStubs(container.UpperDirectory);
            await CommitAsync(step, await CommitUpperAsync(container.UpperDirectory, cancel), cancel);
        }
        if (run.Request.RemoveContainers) await run.Output.NoteAsync(_step, $" ---> Removed intermediate container {id}", cancel);
    }

    private ContainerConfig ConfigOf(RunScript script, IReadOnlyList<string> environment, StepMounts mounts) => new()
    {
        Image = Current!.Id.ToString(),
        Cmd = [.. script.Arguments],
        Entrypoint = [""], // as Docker writes "none, not even the image's"
        Env = [.. environment, .. _arguments.ForRun(environment), .. mounts.Variables],
        User = _config.User,
        WorkingDir = _config.WorkingDir,
        Healthcheck = new HealthConfig { Test = ["NONE"] },
        Labels = _config.Labels is null ? null : new(_config.Labels),
        Shell = _config.Shell,
        AttachStdout = true,
        AttachStderr = true,
    };

    private HostConfig HostConfigOf(RunInstruction instruction, StepMounts mounts)
    {
        var asked = run.Request.HostConfig;
        return new HostConfig
        {
            NetworkMode = instruction.Network is null or "default" ? asked.NetworkMode : instruction.Network,
            ShmSize = asked.ShmSize,
            Memory = asked.Memory,
            MemorySwap = asked.MemorySwap,
            CpuShares = asked.CpuShares,
            CpuPeriod = asked.CpuPeriod,
            CpuQuota = asked.CpuQuota,
            CpusetCpus = asked.CpusetCpus,
            CpusetMems = asked.CpusetMems,
            CgroupParent = asked.CgroupParent,
            ExtraHosts = asked.ExtraHosts,
            Ulimits = asked.Ulimits,
            LogConfig = new LogConfig { Type = "none" },
            Mounts = [.. mounts.Points],
        };
    }

    private static string Hash(string? text) => text is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
