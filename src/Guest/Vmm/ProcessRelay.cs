using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>Our own standard streams, terminal and signals as those of a process in the machine.</summary>
internal sealed class ProcessRelay : IDisposable
{
    private const int WindowChanged = 28;

    // All that a program may be sent and that do not mean something else for this one.
    private static readonly int[] s_forwarded = [1, 2, 3, 6, 10, 12, 14, 15, 16, 20, 21, 22, 29, 30];
    private static readonly TimeSpan s_outputMax = TimeSpan.FromSeconds(10);

    private readonly FrameStream _wire;
    private readonly uint _session;
    private readonly OutgoingStream _input;
    private readonly IncomingStream _output, _errors;
    private readonly TerminalMode? _terminal;
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly ManualResetEventSlim _exited = new();

    public ProcessRelay(FrameStream wire, uint session)
    {
        (_wire, _session) = (wire, session);
        if (TerminalMode.IsTerminal(0))
        {
            _terminal = TerminalMode.MakeRaw(0);
            Resize();
            _signals.Add(PosixSignalRegistration.Create((PosixSignal)WindowChanged, _ => Resize()));
        }
        foreach (var signal in s_forwarded)
            _signals.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
            {
                context.Cancel = true;
                Signal(signal);
            }));
        _output = new IncomingStream(wire, FrameKind.Output, session, Own(1));
        _errors = new IncomingStream(wire, FrameKind.Errors, session, Own(2));
        if (_terminal is not null) _errors.Add([]);
        _input = new OutgoingStream(wire, FrameKind.Input, session, Own(0));
    }

    /// <summary>Set when <see cref="Wait"/> has come back.</summary>
    public int ExitCode { get; private set; }

    public void Handle(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Output: _output.Add(frame.Content); break;
            case FrameKind.Errors: _errors.Add(frame.Content); break;
            case FrameKind.Credit: _input.Credit(IncomingStream.ReadCredit(frame.Content).Bytes); break;
            case FrameKind.Exited when frame.Content.Length == 4: End(BinaryPrimitives.ReadInt32LittleEndian(frame.Content)); break;
        }
    }

    public void Signal(int signal) => _wire.Send(FrameKind.Signal, _session, signal);

    /// <summary>No more will come: the process has ended, or its machine has.</summary>
    public void End(int exitCode)
    {
        if (_exited.IsSet) return;
        ExitCode = exitCode;
        _output.Add([]);
        _errors.Add([]);
        _exited.Set();
    }

    /// <summary>Until the process has ended and what it wrote has been passed on.</summary>
    public int Wait()
    {
        _exited.Wait();
        _output.Join(s_outputMax);
        _errors.Join(s_outputMax);
        return ExitCode;
    }

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _terminal?.Dispose();
        _exited.Dispose();
    }

    private void Resize()
    {
        if (TerminalMode.Size(0) is not { } size) return;
        Span<byte> content = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(content, size.Rows);
        BinaryPrimitives.WriteUInt16LittleEndian(content[2..], size.Columns);
        _wire.Send(FrameKind.Resize, _session, content);
    }

    private static SafeFileHandle Own(int number) => new(number, ownsHandle: true);
}
