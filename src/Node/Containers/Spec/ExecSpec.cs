using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Machines;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>One more process in a running container, as <c>exec</c> and health checks ask for it. Null means as the container's own.</summary>
public sealed record ExecSettings(IReadOnlyList<string> Command)
{
    public string? User { get; set; }
    public IReadOnlyList<string>? Env { get; set; }
    public string? WorkingDir { get; set; }
    public bool Tty { get; set; }
    /// <summary>Height and width.</summary>
    public int[]? ConsoleSize { get; set; }
    public bool Privileged { get; set; }
}

public static class ExecSpec
{
    /// <summary>The spec of the process: what the runtime joins it finds by the container's first process, so only the process and its cgroup are in it.</summary>
    /// <exception cref="EngineException">The container does not run, or its image knows no such user.</exception>
    public static RuntimeSpec Of(Container container, ExecSettings settings)
    {
        var (config, host) = (container.Config, container.HostConfig);
        var security = SecurityOptions.Parse(host);
        var capabilities = settings.Privileged ? CapabilitySet.Of(new HostConfig { Privileged = true }) : CapabilitySet.Of(host);
        var user = FindUser(container, settings.User);
        var spec = new RuntimeSpec
        {
            Root = new SpecRoot { Path = "rootfs" },
            Process = new SpecProcess
            {
                Terminal = settings.Tty,
                ConsoleSize = settings is { Tty: true, ConsoleSize: [> 0 and var height, > 0 and var width] } ? new SpecBox { Height = (ushort)height, Width = (ushort)width } : null,
                Args = [.. settings.Command],
                Cwd = settings.WorkingDir is { Length: > 0 } directory ? directory : config.WorkingDir is { Length: > 0 } own ? own : "/",
                Env = Variables.Of(container.Hostname, settings.Tty, LegacyLink.Variables(container), [.. config.Env ?? [], .. settings.Env ?? []], user.Home),
                User = user.ForSpec(),
                Capabilities = CapabilitySet.ForSpec(capabilities),
                NoNewPrivileges = security.NoNewPrivileges,
                ApparmorProfile = security.AppArmor,
                Rlimits = ProcessLimits.Of(host.Ulimits),
                OomScoreAdj = host.OomScoreAdj,
            },
            Linux = new SpecLinux { UidMappings = container.UserNamespace is { } space ? [.. space.Users] : null, CgroupsPath = container.CgroupPath, Seccomp = settings.Privileged ? null : security.FilterFor(capabilities) },
        };
        return container.IsMachine ? OfMachine(container, spec) : spec;
    }

    /// <summary>A process in the machine's sandbox that stands for the one inside.</summary>
    private static RuntimeSpec OfMachine(Container container, RuntimeSpec inside)
    {
        var text = JsonSerializer.Serialize(new RuntimeSpec { Root = inside.Root, Process = inside.Process, Linux = new SpecLinux { Seccomp = inside.Linux!.Seccomp } }, RuntimeSpecJson.Default.RuntimeSpec);
        return MachineSandbox.ExecSpec(container.Id, container.CgroupPath, inside.Process!, text);
    }

    private static ContainerUser FindUser(Container container, string? asked)
    {
        var user = asked is { Length: > 0 } ? asked : container.Config.User;
        if (container.IsMachine) return container.UserInImage(user);
        using var root = OpenRoot(container);
        return UserLookup.Find(root, user, container.HostConfig.GroupAdd);
    }

    private static SafeFileHandle OpenRoot(Container container)
    {
        container.RequireLive();
        try { return container.OpenLiveRoot(); }
        catch (SyscallException ended) when (ended.Errno is Errno.ESRCH or Errno.ENOENT)
        {
            throw new EngineException(ErrorKind.Conflict, $"container {container.Id} is not running: it has just ended", ended);
        }
    }
}
