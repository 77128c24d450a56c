using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Standard input and output: descriptors of the parent's, or a terminal of the container's own devpts whose master goes back to the parent.</summary>
internal static unsafe class TerminalSteps
{
    private const long SetPtLock = 0x40045431, GetPtPeer = 0x5441, SetControllingTerminal = 0x540e, SetWindowSize = 0x5414;
    private const int CloneTree = 1, EmptyPath = 0x1000, FromEmptyToEmpty = 0x44;

    /// <param name="controls">Whether the process that does these steps is the one the terminal is for, and a session's leader.</param>
    public static void Add(CompileContext context, bool controls = true)
    {
        if (context.Process.Terminal) Terminal(context, controls);
        else Descriptors(context);
        var uid = context.Process.User.Uid;
        // A process that is not root opens /dev/stdout through procfs by the inode's owner; a descriptor that cannot be given away is left as it is.
        if (uid != 0)
            for (var i = 0; i < 3; i++)
                if (context.Process.Terminal || (Given(context.Input, i) is >= 0 and var given && !IsNull(context, given)))
                    context.Program.Add("give standard input and output to the user", Syscall.fchown, i, uid, -1).Tolerate([Errno.EINVAL, Errno.EPERM, Errno.EROFS]);
    }

    /// <summary>
    /// As above, for a process in a user namespace, which may not give away what is the host's: a first child with our privileges does, to whom the host knows the
    /// container's user as. Its root, too, is somebody else there.
    /// </summary>
    public static void GiveDescriptors(CompileContext context)
    {
        if (context.Process.Terminal || context.Host.UserId != 0 || UserNamespaceSteps.OnHost(context.Linux.UidMappings, context.Process.User.Uid) is not { } user) return;
        for (var i = 0; i < 3; i++)
            if (Given(context.Input, i) is >= 0 and var given && !IsNull(context, given))
                context.Program.Add("give standard input and output to the user", Syscall.fchown, Argument.Descriptor(given, $"standard {i}"), user, -1).Tolerate([Errno.EINVAL, Errno.EPERM, Errno.EROFS]);
    }

    // Everybody's, and anybody may write to it.
    private static bool IsNull(CompileContext context, int descriptor) => context.Input.OpensForReal && DeviceNode.TryRead($"/proc/self/fd/{descriptor}") is { Type: 'c', Major: 1, Minor: 3 };

    /// <summary>Only a session's leader can; and when it ends, all in the foreground are hung up on.</summary>
    public static void TakeControl(CompileContext context, Argument terminal) =>
        context.Program.Add("take the controlling terminal", Syscall.ioctl, terminal, Argument.Flags(SetControllingTerminal, "TIOCSCTTY"), 0);

    private static void Descriptors(CompileContext context)
    {
        var program = context.Program;
        string[] names = ["stdin", "stdout", "stderr"];
        Argument? none = null;
        for (var i = 0; i < 3; i++)
        {
            var given = Given(context.Input, i);
            // dup3 refuses equal descriptors, and one that is already in place only has to survive execve.
            if (given == i) continue;
            var from = given >= 0 ? Argument.Descriptor(given, names[i]) : none ??= context.Open("null", () => PathDescriptor.Open(null, "/dev/null", OpenFlags.ReadWrite));
            program.Add($"set up {names[i]}", Syscall.dup3, from, i, 0);
        }
    }

    private static int Given(LaunchInput input, int i) => i switch { 0 => input.Stdin, 1 => input.Stdout, _ => input.Stderr };

    private static void Terminal(CompileContext context, bool controls)
    {
        var program = context.Program;
        var message = DescriptorMessage.Make(program, "master", out var master);
        var slave = program.Slot("slave");
        var how = program.Arena.Place(new PathSteps.OpenHow
        {
            Flags = (ulong)(OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec | OpenFlags.NonBlocking),
            Resolve = (ulong)(Resolve.NoSymlinks | Resolve.NoMagicLinks),
        });
        program.Add("open a terminal", Syscall.openat2, PathDescriptor.CurrentDirectory, program.Text("/dev/pts/ptmx"), Argument.Memory(how, "O_RDWR|O_NOCTTY|O_NONBLOCK, no symlinks"), sizeof(PathSteps.OpenHow)).Into(master);
        // Only a real terminal master takes these two, so a file that an image put there cannot pass for one (CVE-2025-52565).
        program.Add("unlock the terminal", Syscall.ioctl, master, Argument.Flags(SetPtLock, "TIOCSPTLCK"), Argument.Memory(program.Arena.Place(0), "0"));
        program.Add("open the terminal's other end", Syscall.ioctl, master, Argument.Flags(GetPtPeer, "TIOCGPTPEER"), Argument.Flags(OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec, "O_RDWR|O_NOCTTY|O_CLOEXEC")).Into(slave);
        if (context.Process.ConsoleSize is { } size)
        {
            var window = (ushort*)program.Arena.Allocate(8);
            (window[0], window[1]) = (size.Height, size.Width);
            program.Add("set the terminal's size", Syscall.ioctl, master, Argument.Flags(SetWindowSize, "TIOCSWINSZ"), Argument.Memory(window, $"{size.Height}x{size.Width}"));
        }
        if (context.Dev is { } dev) Console(context, dev, slave);
        program.Add("send the terminal's master", Syscall.sendmsg, Argument.Descriptor(context.Input.TerminalSocket, "terminal socket"), Argument.Memory(message, "$master"), Argument.Flags(0x4000, "MSG_NOSIGNAL"));
        if (controls) TakeControl(context, slave);
        for (var i = 0; i < 3; i++) program.Add("set up standard input and output", Syscall.dup3, slave, i, 0);
    }

    private static void Console(CompileContext context, Slot dev, Slot slave)
    {
        var program = context.Program;
        var copy = program.Slot("console");
        var target = program.Slot("at /dev/console");
        program.Add("make /dev/console", Syscall.mknodat, dev, program.Text("console"), Argument.Flags(0x8000 | 0x180, "S_IFREG|0600")).Tolerate(Errno.EEXIST);
        program.Add("mount /dev/console", Syscall.open_tree, slave, program.Text(""), Argument.Flags(CloneTree | OpenFlags.CloseOnExec | EmptyPath, "CLONE|CLOEXEC|AT_EMPTY_PATH")).Into(copy);
        program.Add("mount /dev/console", Syscall.openat, dev, program.Text("console"), Argument.Flags(OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, "O_PATH|O_NOFOLLOW|O_CLOEXEC")).Into(target);
        program.Add("mount /dev/console", Syscall.move_mount, copy, program.Text(""), target, program.Text(""), Argument.Flags(FromEmptyToEmpty, "F_EMPTY_PATH|T_EMPTY_PATH"));
    }
}
