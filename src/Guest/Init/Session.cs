using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Yun.Guest.Wire;
using Yun.Linux;
using Yun.Runtime;

namespace Yun.Guest.Init;

/// <summary>Our ends of a process's streams. With a terminal there are two of one descriptor and no errors.</summary>
internal sealed record LaunchPorts(SafeFileHandle Input, SafeFileHandle Output, SafeFileHandle? Errors);

/// <summary>The pipes of a process without a terminal.</summary>
internal sealed class StreamPipes : IDisposable
{
    public Pipe Input { get; } = new();
    public Pipe Output { get; } = new();
    public Pipe Errors { get; } = new();

    /// <summary>Our ends, which outlive this.</summary>
    public LaunchPorts Ports() => new(Descriptors.Duplicate(Input.Write), Descriptors.Duplicate(Output.Read), Descriptors.Duplicate(Errors.Read));

    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
        Errors.Dispose();
    }
}

/// <summary>A process of the machine, the first or one that was started beside it.</summary>
internal sealed class Session(FrameStream wire, uint number, LaunchedProcess process, LaunchPorts ports)
{
    // A program that a process left behind may hold its output open for ever.
    private static readonly TimeSpan s_outputMax = TimeSpan.FromSeconds(2);

    // What is typed may come as soon as the other side knows that the process has started.
    private readonly IncomingStream _input = new(wire, FrameKind.Input, number, ports.Input);
    private OutgoingStream? _output, _errors;

    public uint Number => number;

    /// <summary>From here on its output is sent, which must not come before the other side knows of the process.</summary>
    public void Speak()
    {
        _output = new OutgoingStream(wire, FrameKind.Output, number, ports.Output);
        _errors = ports.Errors is null ? null : new OutgoingStream(wire, FrameKind.Errors, number, ports.Errors);
    }

    public void Handle(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Input:
                // The end of what is typed is for the programs there to see, as a key would say it.
                _input.Add(frame.Content.Length == 0 && process.Terminal is not null ? [4] : frame.Content);
                break;
            case FrameKind.Credit:
                var (kind, bytes) = IncomingStream.ReadCredit(frame.Content);
                (kind == FrameKind.Output ? _output : _errors)?.Credit(bytes);
                break;
            case FrameKind.Signal when frame.Content.Length == 4: ProcessDescriptor.Signal(process.PidFd, BinaryPrimitives.ReadInt32LittleEndian(frame.Content)); break;
            case FrameKind.Resize when frame.Content.Length == 4 && process.Terminal is { } terminal:
                Terminals.Resize(terminal, BinaryPrimitives.ReadUInt16LittleEndian(frame.Content), BinaryPrimitives.ReadUInt16LittleEndian(frame.Content.AsSpan(2)));
                break;
        }
    }

    /// <summary>The exit status, or 128 and the signal, after what it wrote was sent.</summary>
    public int Wait()
    {
        var code = ProcessDescriptor.Wait(process.PidFd).Code;
        _output?.Join(s_outputMax);
        _errors?.Join(s_outputMax);
        process.Dispose();
        return code;
    }
}
