using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Guest.Wire;
using Yun.Linux;
using Yun.Runtime;
using Yun.Runtime.Compile;
using Yun.Runtime.Spec;

namespace Yun.Guest.Init;

/// <summary>Does what the monitor says: makes the machine ready, starts processes, passes their streams on.</summary>
internal sealed class GuestServer(FrameStream wire) : IDisposable
{
    private const uint First = 0;
    private const int NotInvokable = 126, NotFound = 127;

    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, byte[]> _files = new();
    private readonly Dictionary<uint, Session> _sessions = new();
    private NameRelay? _names;
    private int _firstPid;

    /// <summary>Until the first process has ended and the disks are written, or the monitor is gone.</summary>
    public void Serve()
    {
        wire.Send(FrameKind.Hello, First);
        while (wire.Receive() is { } frame) Handle(frame);
    }

    public void Dispose() => _names?.Dispose();

    private void Handle(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.File:
                var end = Array.IndexOf(frame.Content, (byte)0);
                _files[Encoding.UTF8.GetString(frame.Content, 0, end)] = frame.Content[(end + 1)..];
                break;
            case FrameKind.Boot:
                Threads.Start(Beat);
                if (_files["spec"].Length > 0) Start(First, Boot);
                else Rest();
                break;
            case FrameKind.Down: GoDown(); break;
            // By a thread of its own: starting takes a while, and others' streams go on.
            case FrameKind.Exec: Threads.Start(() => Start(frame.Session, () => Launch(frame.Content, _firstPid))); break;
            case FrameKind.Files: Threads.Start(() => Start(frame.Session, () => GuestFiles.Start(Encoding.UTF8.GetString(frame.Content), _firstPid), GuestRoot.Thaw)); break;
            case FrameKind.Answer: _names?.Answer(frame.Session, frame.Content); break;
            default:
                Session? session;
                lock (_sessions) _sessions.TryGetValue(frame.Session, out session);
                session?.Handle(frame);
                break;
        }
    }

    /// <summary>As long as the kernel gives this thread its turn, the machine is well.</summary>
    private void Beat()
    {
        while (true)
        {
            wire.Send(FrameKind.Alive, First);
            TellKills();
            Thread.Sleep(s_beat);
        }
    }

    private void TellKills()
    {
        if (GuestMemory.TakeKills() is var kills and > 0) wire.Send(FrameKind.OutOfMemory, First, kills);
    }

    private (LaunchedProcess, LaunchPorts) Boot()
    {
        Prepare();
        var limited = GuestMemory.Limit();
        var (process, ports) = Launch(_files["spec"], null, limited ? GuestMemory.CgroupPath : null);
        _firstPid = process.Pid;
        return (process, ports);
    }

    /// <summary>No program: the disks are there for those who read and write files.</summary>
    private void Rest()
    {
        try
        {
            Prepare();
            GuestRoot.Rest();
            wire.Send(FrameKind.Started, First);
        }
        catch (Exception failed) when (failed is SyscallException or IOException)
        {
            wire.Send(FrameKind.Failed, First, [NotInvokable, .. Encoding.UTF8.GetBytes(failed.Message)]);
            GoDown();
        }
    }

    private void Prepare()
    {
        // What a machine has in common with others that go on from the same template must not be what its secrets are made of.
        BootedMachine.AddEntropy(_files["entropy"]);
        BootedMachine.SetClock(long.Parse(Text("clock"), CultureInfo.InvariantCulture));
        GuestModules.LoadLate();
        foreach (var line in Text("parameters").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.Split(' ', 2) is [var name, var value]) KernelFile.Write($"/proc/sys/{name}", value);
        GuestNetwork.Raise(Text("interfaces"));
        Files.MakeDirectories("/run/yun", 0x1ED);
        foreach (var file in (ReadOnlySpan<string>)["hosts", "hostname", "resolv.conf"]) Files.Write($"/run/yun/{file}", _files[file], 0x1A4);
        if (Text("resolv.conf").Contains(NameRelay.Address, StringComparison.Ordinal)) _names = new NameRelay(wire);
        GuestRoot.Attach(Text("shares"));
    }

    private string Text(string file) => Encoding.UTF8.GetString(_files[file]);

    /// <param name="cgroup">For the first process; who joins it is in its cgroup as well.</param>
    private static (LaunchedProcess, LaunchPorts) Launch(byte[] json, int? joined, string? cgroup = null)
    {
        var spec = SpecReader.Read(json);
        if (cgroup is not null) spec.Linux!.CgroupsPath = cgroup;
        using var pipes = spec.Process?.Terminal == true ? null : new StreamPipes();
        using var root = joined is null ? GuestRoot.Mount() : null;
        var process = ContainerLauncher.Launch(new LaunchRequest
        {
            Id = "guest", Spec = spec, JoinPid = joined, NoPivot = true,
            StdinFd = Number(pipes?.Input.Read), StdoutFd = Number(pipes?.Output.Write), StderrFd = Number(pipes?.Errors.Write),
            MountFds = root is null ? new Dictionary<string, int>() : new Dictionary<string, int> { ["/"] = Number(root) },
        });
        if (process.Terminal is { } terminal) Descriptors.SetBlocking(terminal);
        return (process, pipes is null
            ? new LaunchPorts(Descriptors.Duplicate(process.Terminal!), Descriptors.Duplicate(process.Terminal!), null)
            : pipes.Ports());
    }

    private static int Number(SafeFileHandle? handle) => handle is null ? -1 : (int)handle.DangerousGetHandle();

    /// <param name="ended">Called when the process has ended, before the other side is told.</param>
    private void Start(uint number, Func<(LaunchedProcess, LaunchPorts)> launch, Action? ended = null)
    {
        Session session;
        try
        {
            var (process, ports) = launch();
            session = new Session(wire, number, process, ports);
            lock (_sessions) _sessions[number] = session;
            wire.Send(FrameKind.Started, number);
            session.Speak();
        }
        catch (Exception failed) when (failed is LaunchException or SyscallException or SpecException or IOException)
        {
            // As engines choose exit codes: 127 for a program that is not there, 126 for one that cannot be run.
            var code = failed is LaunchException { Errno: Errno.ENOENT or Errno.ENOTDIR } ? NotFound : NotInvokable;
            wire.Send(FrameKind.Failed, number, [(byte)code, .. Encoding.UTF8.GetBytes(failed.Message)]);
            if (number == First) GoDown();
            return;
        }
        Threads.Start(() => Await(session, ended));
    }

    private void Await(Session session, Action? ended)
    {
        var code = session.Wait();
        ended?.Invoke();
        lock (_sessions) _sessions.Remove(session.Number);
        TellKills();
        wire.Send(FrameKind.Exited, session.Number, code);
        if (session.Number == First) GoDown();
    }

    private void GoDown()
    {
        GuestRoot.Thaw();
        GuestRoot.Detach();
        BootedMachine.Sync();
        wire.Send(FrameKind.Down, First);
        BootedMachine.PowerOff();
    }
}
