using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>The terminal a program was started from: its size, and raw mode, in which every key is passed on as bytes.</summary>
public sealed unsafe partial class TerminalMode : IDisposable
{
    // struct termios is 60 bytes in glibc on every 64-bit architecture; only the C library looks inside.
    private const int TermiosSize = 64;
    private const int SetAfterOutput = 1;
    private const nuint GetWindowSize = 0x5413;

    private readonly int _descriptor;
    private readonly byte[] _before;

    private TerminalMode(int descriptor, byte[] before) => (_descriptor, _before) = (descriptor, before);

    public static bool IsTerminal(int descriptor)
    {
        var state = stackalloc byte[TermiosSize];
        return tcgetattr(descriptor, state) == 0;
    }

    /// <summary>Rows and columns, or null when it is no terminal or has no size.</summary>
    public static (ushort Rows, ushort Columns)? Size(int descriptor)
    {
        var size = stackalloc ushort[4];
        return ioctl(descriptor, GetWindowSize, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[0], size[1]) : null;
    }

    /// <summary>Makes the terminal raw until the result is disposed of.</summary>
    public static TerminalMode MakeRaw(int descriptor)
    {
        var before = new byte[TermiosSize];
        fixed (byte* state = before) Native.Check(tcgetattr(descriptor, state), "tcgetattr");
        var raw = stackalloc byte[TermiosSize];
        before.CopyTo(new Span<byte>(raw, TermiosSize));
        cfmakeraw(raw);
        Native.Check(tcsetattr(descriptor, SetAfterOutput, raw), "tcsetattr");
        return new TerminalMode(descriptor, before);
    }

    /// <summary>Stops showing what is typed, for a password.</summary>
    public static TerminalMode HideInput(int descriptor)
    {
        var before = new byte[TermiosSize];
        var quiet = stackalloc byte[TermiosSize];
        fixed (byte* state = before) Native.Check(tcgetattr(descriptor, state), "tcgetattr");
        before.CopyTo(new Span<byte>(quiet, TermiosSize));
        const uint echo = 8;
        // c_lflag is the fourth word.
        ((uint*)quiet)[3] &= ~echo;
        Native.Check(tcsetattr(descriptor, SetAfterOutput, quiet), "tcsetattr");
        return new TerminalMode(descriptor, before);
    }

    public void Dispose()
    {
        fixed (byte* state = _before) _ = tcsetattr(_descriptor, SetAfterOutput, state);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int descriptor, byte* state);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int descriptor, int when, byte* state);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* state);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, void* argument);
}
