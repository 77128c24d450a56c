using System.Runtime.InteropServices;
using Yun.Linux;

namespace Yun.Runtime.Walker;

/// <summary>The only code of ours that runs in a new process before its own program does. Why: docs/decisions/0001-start-as-a-program.md.</summary>
internal static unsafe partial class WalkerCode
{
    internal static ReadOnlySpan<byte> ForThisMachine => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => X64,
        Architecture.Arm64 => Arm64,
        var other => throw new PlatformNotSupportedException($"There is no walker for {other}; x86-64 and arm64 have one."),
    };

    /// <summary>Clones and walks. Returns the child's pid or a negative error number.</summary>
    /// <param name="code">The page that holds the walker's code, readable and executable.</param>
    internal static long Call(nint code, Step* program, CloneArguments* arguments, Report* report) =>
        // Not SuppressGCTransition: the thread must count as out of managed code, or a collection would wait for a container to start.
        ((delegate* unmanaged<Step*, CloneArguments*, long, Report*, long>)code)(program, arguments, sizeof(CloneArguments), report);
}
