using System.Text.Json.Serialization.Metadata;
using Yun.Node.Machines.Agents;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>A command for <see cref="Machine.ExecAsync"/>: the body of <c>POST /yun/v1/machines/{name}/exec</c>.</summary>
public sealed record GuestCommand
{
    /// <summary>The agent takes the standard input of a command at once.</summary>
    public const int StdinBytesMax = 2 << 20;

    /// <summary>What is said of more.</summary>
    public static readonly string StdinTooLong = $"The standard input of a command in a guest may have {StdinBytesMax >> 20} MiB at most: the agent takes it at once.";

    /// <summary>The program and its arguments. No shell sees them.</summary>
    public List<string> Cmd { get; set; } = [];
    /// <summary>NAME=VALUE, all that the program has; null is what the agent has.</summary>
    public List<string>? Env { get; set; }
    /// <summary>What it reads from its standard input, which is then at its end.</summary>
    public byte[]? Stdin { get; set; }
    /// <summary>Seconds that are waited for its end; 0 is as long as it takes.</summary>
    public int Timeout { get; set; }
}

/// <summary>How a command in a guest has ended.</summary>
public sealed record GuestExit
{
    /// <summary>Its own, or 128 and the number of the signal that ended it.</summary>
    public int ExitCode { get; set; }
    public byte[] Stdout { get; set; } = [];
    public byte[] Stderr { get; set; } = [];
    /// <summary>It wrote more than the agent keeps of a stream.</summary>
    public bool Truncated { get; set; }
}

/// <summary>What a guest's agent says of its system. It is the guest's word.</summary>
public sealed record GuestInfo
{
    public string Agent { get; set; } = "";
    public string Hostname { get; set; } = "";
    public string System { get; set; } = "";
    public string Kernel { get; set; } = "";
    /// <summary>ADDRESS/LENGTH, by interface.</summary>
    public Dictionary<string, List<string>> Addresses { get; set; } = [];
}

// What is asked of the agent inside (qemu-guest-agent), by a virtio port that machines have from their making on: a saved state and a snapshot go with the devices of their time.
public sealed partial class Machine
{
    private const int AddressesMax = 64;
    private static readonly TimeSpan s_statusFirst = TimeSpan.FromMilliseconds(20), s_statusLast = TimeSpan.FromMilliseconds(500), s_infoMax = TimeSpan.FromSeconds(3);

    private AgentListener? _agent;

    /// <summary>Runs a command in the guest and waits for its end. Whoever gives up waiting leaves it running there.</summary>
    /// <exception cref="EngineException">Conflict: no agent listens. InvalidArgument: the agent cannot start it. Unavailable: it did not end in time, or the agent does not answer.</exception>
    public async Task<GuestExit> ExecAsync(GuestCommand command, CancellationToken cancel = default)
    {
        if (command.Cmd is not [{ Length: > 0 } program, .. var arguments]) throw new EngineException(ErrorKind.InvalidArgument, "There is no command to run: Cmd is empty.");
        if (command.Timeout < 0) throw new EngineException(ErrorKind.InvalidArgument, $"Timeout is {command.Timeout}: it is seconds, or 0 for as long as it takes.");
        if (command.Stdin?.Length > GuestCommand.StdinBytesMax) throw new EngineException(ErrorKind.InvalidArgument, GuestCommand.StdinTooLong);
        var agent = await AgentAsync(cancel);
        Publish("exec", ("command", program));
        var process = await agent.AskAsync("guest-exec", new AgentExec(program, arguments, command.Env, command.Stdin is { Length: > 0 } ? command.Stdin : null, CaptureOutput: true), AgentJson.Default.AgentExec, AgentJson.Default.AgentProcess, cancel);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (command.Timeout > 0) deadline.CancelAfter(TimeSpan.FromSeconds(command.Timeout));
        try { return await AwaitExitAsync(agent, process, deadline.Token); }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw new EngineException(ErrorKind.Unavailable, $"'{program}' has not ended within {command.Timeout} seconds in machine {Name}: it goes on there as process {process.Pid}.", late);
        }
    }

    private async Task<GuestExit> AwaitExitAsync(GuestAgent agent, AgentProcess process, CancellationToken cancel)
    {
        for (var wait = s_statusFirst; ; wait = wait * 2 < s_statusLast ? wait * 2 : s_statusLast)
        {
            var status = await agent.AskAsync("guest-exec-status", process, AgentJson.Default.AgentProcess, AgentJson.Default.AgentStatus, cancel);
            if (status.Exited)
                return new GuestExit
                {
                    ExitCode = status.Exitcode ?? 128 + (status.Signal ?? 0), Stdout = status.OutData ?? [], Stderr = status.ErrData ?? [],
                    Truncated = status.OutTruncated == true || status.ErrTruncated == true,
                };
            await Task.Delay(wait, Engine.Time, cancel);
        }
    }

    /// <summary>What the agent says of the guest; null when none listens or it does not answer soon.</summary>
    public async Task<GuestInfo?> AskGuestAsync(CancellationToken cancel = default)
    {
        if (State.Status != MachineStatus.Running || !_record.HasAgentPort) return null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_infoMax);
        try
        {
            var agent = await AgentAsync(deadline.Token);
            var about = await agent.AskAsync("guest-info", AgentJson.Default.AgentAbout, deadline.Token);
            var host = await TryAskAsync(agent, "guest-get-host-name", AgentJson.Default.AgentHostname, deadline.Token);
            var system = await TryAskAsync(agent, "guest-get-osinfo", AgentJson.Default.AgentSystem, deadline.Token);
            var interfaces = await TryAskAsync(agent, "guest-network-get-interfaces", AgentJson.Default.ListAgentInterface, deadline.Token);
            return new GuestInfo
            {
                Agent = GuestWords.Printable(about.Version), Hostname = GuestWords.Printable(host?.Name), System = GuestWords.Printable(system?.PrettyName), Kernel = GuestWords.Printable(system?.KernelRelease),
                Addresses = (interfaces ?? []).Take(AddressesMax).GroupBy(one => GuestWords.Printable(one.Name)).ToDictionary(group => group.Key,
                    group => group.SelectMany(one => one.IpAddresses ?? []).Take(AddressesMax).Select(address => GuestWords.Printable($"{address.IpAddress}/{address.Prefix}")).ToList()),
            };
        }
        catch (Exception silent) when (silent is EngineException or QmpException || (silent is OperationCanceledException && !cancel.IsCancellationRequested)) { return null; }
    }

    // A distribution may have switched some of its commands off.
    private static async Task<T?> TryAskAsync<T>(GuestAgent agent, string command, JsonTypeInfo<T> answer, CancellationToken cancel) where T : class
    {
        try { return await agent.AskAsync(command, answer, cancel); }
        catch (EngineException refused) when (refused.Kind == ErrorKind.InvalidArgument) { return null; }
    }

    /// <exception cref="EngineException">Conflict, with what to do: no agent listens.</exception>
    private async Task<GuestAgent> AgentAsync(CancellationToken cancel)
    {
        RequireLive("a command in it");
        if (State.Status == MachineStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is paused: resume it first.");
        if (!_record.HasAgentPort) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} was made before machines had a port for an agent: a clone of it has one.");
        var ports = await (await SessionAsync(cancel)).ExecuteAsync("query-chardev", QmpJson.Default.ListQmpChardev, cancel);
        if (!ports.Any(port => port is { Label: MachineArguments.AgentPort, FrontendOpen: true }))
            throw new EngineException(ErrorKind.Conflict, $"No agent listens in machine {Name}: install the package qemu-guest-agent in the guest and start its service, then try again.");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_sessionMax);
        try { return await (_agent ?? throw new EngineException(ErrorKind.Unavailable, $"QEMU of machine {Name} has ended.")).AgentAsync(deadline.Token); }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested) { throw new EngineException(ErrorKind.Unavailable, $"QEMU of machine {Name} has not connected the port of the guest's agent."); }
    }
}
