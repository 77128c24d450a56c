using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>A running QEMU: our end of its wire, and the last that it and its guest's console have said.</summary>
internal sealed class Emulator : IDisposable
{
    private const int ConsoleBytesKept = 8192, LinesTold = 4, KillSignal = 9;

    private static readonly TimeSpan s_endMax = TimeSpan.FromSeconds(2);

    private readonly SafeFileHandle _process;
    private readonly byte[] _console = new byte[ConsoleBytesKept];
    private readonly Thread _listening;
    private readonly Lock _ending = new();
    private long _consoleBytes;
    private ProcessExit? _exit;

    private Emulator(SafeFileHandle process, SafeFileHandle console, FrameStream wire)
    {
        (_process, Wire) = (process, wire);
        _listening = Threads.Start(() => Listen(console));
    }

    public FrameStream Wire { get; }

    /// <summary>QEMU's command line speaks of descriptor 3 as the port's, and of its standard output as the console.</summary>
    /// <param name="fourth">What it knows as descriptor 4, where it speaks of one.</param>
    public static Emulator Start(IReadOnlyList<string> arguments, SafeHandle? fourth = null)
    {
        var (ours, theirs) = UnixSocket.Pair();
        using var pipe = new Pipe();
        using var nothing = PathDescriptor.Open(null, "/dev/null", OpenFlags.ReadOnly);
        SafeHandle[] descriptors = fourth is null ? [nothing, pipe.Write, pipe.Write, theirs] : [nothing, pipe.Write, pipe.Write, theirs, fourth];
        using (theirs) return new Emulator(ProcessSpawn.Start(arguments, ["PATH=/usr/bin:/bin", "HOME=/"], descriptors), Descriptors.Duplicate(pipe.Read), new FrameStream(ours));
    }

    /// <summary>The guest's next word; null when it has ended, or says nothing within the time.</summary>
    /// <param name="begin">What it is told first, which takes as long as it does not listen.</param>
    public Frame? AwaitFrame(TimeSpan max, Action? begin = null)
    {
        Frame? frame = null;
        var waiting = Threads.Start(() =>
        {
            begin?.Invoke();
            frame = Wire.Receive();
        });
        if (waiting.Join(max)) return frame;
        Kill();
        waiting.Join();
        return null;
    }

    /// <summary>Ends the machine as a power cut would, if it has not ended. Any thread may.</summary>
    public void Kill()
    {
        ProcessDescriptor.Signal(_process, KillSignal);
        TakeExit();
    }

    /// <summary>How it ended by itself; one that has not is killed, and the answer is null.</summary>
    public ProcessExit? AwaitEnd()
    {
        for (var began = Environment.TickCount64; Environment.TickCount64 - began < s_endMax.TotalMilliseconds; Thread.Sleep(5))
            if (ProcessDescriptor.HasEnded(_process)) return TakeExit();
        Kill();
        return null;
    }

    private ProcessExit TakeExit()
    {
        lock (_ending) _exit ??= ProcessDescriptor.Wait(_process);
        _listening.Join(TimeSpan.FromSeconds(1));
        return _exit.Value;
    }

    /// <summary>One line of what was said last: it goes into an error.</summary>
    public string LastWords()
    {
        lock (_console)
        {
            var kept = (int)Math.Min(_consoleBytes, ConsoleBytesKept);
            var text = new StringBuilder();
            for (var i = _consoleBytes - kept; i < _consoleBytes; i++) text.Append((char)_console[i % ConsoleBytesKept]);
            var lines = new List<string>();
            foreach (var line in text.ToString().Split('\n'))
                if (Printable(line) is { Length: > 0 } words) lines.Add(words);
            // What follows a panic is where it was, in hexadecimal.
            var last = lines.FindIndex(line => line.Contains("Kernel panic", StringComparison.Ordinal)) is var panic and >= 0 ? panic : lines.Count - 1;
            return last < 0 ? "nothing was said" : string.Join(" / ", lines.GetRange(Math.Max(0, last - LinesTold + 1), Math.Min(LinesTold, last + 1)));
        }
    }

    public void Dispose()
    {
        Wire.Dispose();
        _process.Dispose();
    }

    // A console's bytes are the guest's and reach a person's terminal.
    private static string Printable(string line)
    {
        var text = new StringBuilder(line.Length);
        foreach (var character in line) if (character is >= ' ' and < '\x7f') text.Append(character);
        return text.ToString().Trim();
    }

    private void Listen(SafeFileHandle console)
    {
        Span<byte> buffer = stackalloc byte[512];
        while (Descriptors.Read(console, buffer, out _) is > 0 and var read)
            lock (_console)
                foreach (var one in buffer[..read]) _console[_consoleBytes++ % ConsoleBytesKept] = one;
        console.Dispose();
    }
}
