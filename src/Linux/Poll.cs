using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>What a descriptor is ready for (poll(2)). <see cref="Error"/>, <see cref="HangUp"/> and <see cref="Invalid"/> are told whether asked for or not.</summary>
[Flags]
public enum PollEvents : short
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Error = 0x8,
    HangUp = 0x10,
    Invalid = 0x20,
}

/// <summary>struct pollfd. A negative descriptor is passed over.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollEntry(int descriptor, PollEvents wanted)
{
    public int Descriptor = descriptor;
    public PollEvents Wanted = wanted;
    public PollEvents Happened;
}

/// <summary>Waits for a few descriptors of any kind, files too, which epoll refuses.</summary>
public static unsafe class Poll
{
    /// <summary>How many have something to say; 0 when the time is over. Negative milliseconds are for ever.</summary>
    public static int Wait(Span<PollEntry> entries, int milliseconds)
    {
        fixed (PollEntry* first = entries)
        {
            var until = Environment.TickCount64 + milliseconds;
            while (true)
            {
                var count = Native.poll(first, (nuint)entries.Length, milliseconds);
                if (count >= 0 || (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR) return Native.Check(count, "poll");
                if (milliseconds >= 0) milliseconds = (int)Math.Max(0, until - Environment.TickCount64);
            }
        }
    }
}
