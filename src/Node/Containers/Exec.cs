using System.Security.Cryptography;
using Yun.Node.Containers.Spec;
using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>What <c>exec</c> asks for besides the process itself.</summary>
public sealed record ExecStreams(bool Stdin, bool Stdout, bool Stderr, string? DetachKeys);

/// <summary>
/// A further process in a container: made, started once, ended. It is known until some minutes after its end, so that who started it can ask for the
/// exit code; it does not outlive the daemon.
/// </summary>
public sealed class Exec
{
    private enum Stage { Created, Starting, Running, Ended }

    private const int NotInvokable = 126;
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stage = (int)Stage.Created;

    internal Exec(Container container, ExecSettings settings, ExecStreams streams) => (Container, Settings, Streams) = (container, settings, streams);

    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
    public Container Container { get; }
    public ExecSettings Settings { get; private set; }
    public ExecStreams Streams { get; }

    public bool IsRunning => (Stage)Volatile.Read(ref _stage) is Stage.Starting or Stage.Running;
    public int Pid { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Null until it has ended.</summary>
    public int? ExitCode => _ended.Task.IsCompletedSuccessfully ? _ended.Task.Result : null;

    /// <summary>Ends with the exit code, after all output has been read.</summary>
    public Task<int> Ended => _ended.Task;

    private Engine Engine => Container.Engine;

    /// <summary>From here on nobody else may start it.</summary>
    /// <exception cref="EngineException">409: the container does not run or is paused, or this was started before.</exception>
    public void Claim(bool tty, int[]? consoleSize)
    {
        RequireRunning(Container);
        switch ((Stage)Interlocked.CompareExchange(ref _stage, (int)Stage.Starting, (int)Stage.Created))
        {
            case Stage.Created: break;
            case Stage.Ended: throw new EngineException(ErrorKind.Conflict, $"exec command {Id} has already run");
            default: throw new EngineException(ErrorKind.Conflict, $"exec command {Id} is already running");
        }
        Settings = Settings with { Tty = Settings.Tty || tty, ConsoleSize = consoleSize ?? Settings.ConsoleSize };
    }

    /// <summary>Starts what was claimed. With <paramref name="attach"/>, a client's end of its streams comes back.</summary>
    /// <exception cref="EngineException">In Docker's words; it has then ended with 126 or 127.</exception>
    public async Task<KeptAttachment?> StartAsync(bool attach, CancellationToken cancel = default)
    {
        KeptAttachment? attachment = null;
        var exit = Engine.Exits.Expect(Id);
        try
        {
            if (attach) attachment = await Engine.Keeper.AttachAsync(Id, Streams.Stdin, Streams.Stdout, Streams.Stderr, cancel);
            var start = new KeptStart(Id, Container.Id, ExecSpec.Of(Container, Settings)) { Exec = true, OpenStdin = Streams.Stdin && attach, StdinOnce = true };
            Container.Publish($"exec_start: {string.Join(' ', Settings.Command)}", ("execID", Id));
            // Once it may have been started, the client's going away must not hide that it was.
            Pid = (await Engine.Keeper.StartAsync(start, null, null, cancel: CancellationToken.None)).Pid;
        }
        catch (Exception error)
        {
            Engine.Exits.Forget(Id);
            if (attachment is not null) await attachment.DisposeAsync();
            var (failure, exitCode) = error is EngineException known ? StartFailure.OfExec(known) : (error, NotInvokable);
            End(exitCode);
            if (failure == error) throw;
            throw failure;
        }
        Interlocked.CompareExchange(ref _stage, (int)Stage.Running, (int)Stage.Starting);
        Engine.Track(WatchAsync(exit));
        return attachment;
    }

    /// <exception cref="EngineException">409: it does not run.</exception>
    public async Task ResizeAsync(int rows, int columns, CancellationToken cancel = default)
    {
        if (!IsRunning) throw new EngineException(ErrorKind.Conflict, $"exec process {Id} is not running");
        await Engine.Keeper.ResizeAsync(Id, rows, columns, cancel);
    }

    internal static void RequireRunning(Container container)
    {
        container.RequireLive();
        if (container.State.Status == ContainerStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"container {container.Id} is paused, unpause the container before exec");
    }

    private async Task WatchAsync(Task<int> exit)
    {
        int exitCode;
        try { exitCode = await exit.WaitAsync(Engine.Stopping); }
        catch (OperationCanceledException) { return; }
        End(exitCode);
        Container.Publish("exec_die", ("execID", Id), ("exitCode", $"{exitCode}"));
        try { await Engine.Keeper.ForgetAsync(Id); }
        catch (EngineException error) { Engine.Log.Debug($"The keeper still knows of exec {Id}: {error.Message}"); }
    }

    private void End(int exitCode)
    {
        EndedAt = Engine.Time.GetUtcNow();
        Volatile.Write(ref _stage, (int)Stage.Ended);
        _ended.TrySetResult(exitCode);
    }
}
