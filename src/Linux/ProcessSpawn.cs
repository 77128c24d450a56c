using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Programs of the machine, started as they are (posix_spawn(3)); containers' processes are made otherwise.</summary>
public static unsafe partial class ProcessSpawn
{
    // posix_spawnattr_t is 336 bytes and posix_spawn_file_actions_t 80 in glibc on 64-bit machines; only the C library looks inside.
    private const int OpaqueBytes = 512, SignalSetBytes = 128;
    // Beyond every descriptor that a program of ours is given.
    private const int Spare = 200;
    // As much as execve(2) takes where nobody has raised the stack's limit.
    private const int ArgumentBytesMax = 2 << 20;
    private const short SetDefaultSignals = 4, SetSignalMask = 8;

    /// <summary>Starts a program with no signal blocked or ignored. The result is a descriptor of the process, which is a child of ours.</summary>
    /// <param name="arguments">The first is the path of the program.</param>
    /// <param name="descriptors">Become the program's 0, 1, 2 and so on; it has no others that are closed on exec.</param>
    /// <exception cref="SyscallException">It could not be started; the target is its path.</exception>
    public static SafeFileHandle Start(IReadOnlyList<string> arguments, IReadOnlyList<string> environment, params ReadOnlySpan<SafeHandle> descriptors)
    {
        byte* actions = stackalloc byte[OpaqueBytes], attributes = stackalloc byte[OpaqueBytes], none = stackalloc byte[SignalSetBytes], all = stackalloc byte[SignalSetBytes];
        new Span<byte>(none, SignalSetBytes).Clear();
        new Span<byte>(all, SignalSetBytes).Fill(0xff);
        posix_spawn_file_actions_init(actions);
        posix_spawnattr_init(attributes);
        using var arena = new Arena(ArgumentBytesMax, []);
        try
        {
            // Past all targets first: one that is given may have the number of another's target.
            for (var i = 0; i < descriptors.Length; i++) posix_spawn_file_actions_adddup2(actions, (int)descriptors[i].DangerousGetHandle(), Spare + i);
            for (var i = 0; i < descriptors.Length; i++)
            {
                posix_spawn_file_actions_adddup2(actions, Spare + i, i);
                posix_spawn_file_actions_addclose(actions, Spare + i);
            }
            posix_spawnattr_setsigmask(attributes, none);
            posix_spawnattr_setsigdefault(attributes, all);
            posix_spawnattr_setflags(attributes, SetDefaultSignals | SetSignalMask);
            int pid;
            var error = posix_spawn(&pid, arguments[0], actions, attributes, arena.TextList(arguments), arena.TextList(environment));
            return error == 0 ? ProcessDescriptor.Open(pid) : throw new SyscallException("posix_spawn", (Errno)error, arguments[0]);
        }
        finally
        {
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_addclose(byte* actions, int descriptor);

    [LibraryImport("libc")]
    private static partial void posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial void posix_spawnattr_destroy(byte* attributes);
}
