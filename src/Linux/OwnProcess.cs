using System.Runtime.InteropServices;
using System.Text;

namespace Yun.Linux;

/// <summary>What a process decides about itself.</summary>
public static unsafe class OwnProcess
{
    private const int SetDumpable = 4, SetName = 15, GetName = 16, SetChildSubreaper = 36, BrokenPipe = 13, CloseOnExecOnly = 4;

    /// <summary>Starts a session of its own, out of reach of the terminal's and the parent's signals. Nothing happens when it leads one already.</summary>
    public static void LeaveSession() => _ = Native.setsid();

    public static void ChangeDirectory(string path) => Native.Check(Native.chdir(path), "chdir", path);

    /// <summary>No other process may read its memory or trace it, and it leaves no core, unless it is more privileged.</summary>
    public static void DenyInspection() => Native.Check(Native.prctl(SetDumpable, 0, 0, 0, 0), "prctl", "PR_SET_DUMPABLE");

    /// <summary>Descendants whose parent dies become its children.</summary>
    public static void AdoptOrphans() => Native.Check(Native.prctl(SetChildSubreaper, 1, 0, 0, 0), "prctl", "PR_SET_CHILD_SUBREAPER");

    /// <summary>Names the calling thread; on the first one, what <c>ps</c> shows. 15 bytes at most.</summary>
    public static void Name(string name)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
            Native.Check(Native.prctl(SetName, (nuint)text, 0, 0, 0), "prctl", "PR_SET_NAME");
    }

    /// <summary>What the calling thread is called.</summary>
    public static string ThreadName()
    {
        var text = stackalloc byte[16];
        Native.Check(Native.prctl(GetName, (nuint)text, 0, 0, 0), "prctl", "PR_GET_NAME");
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    /// <summary>Writing to a pipe without a reader fails with EPIPE instead of ending the process.</summary>
    public static void IgnoreBrokenPipes() => Native.signal(BrokenPipe, 1);

    /// <summary>Every descriptor from 3 on is closed by the next execve.</summary>
    public static void CloseDescriptorsOnExec() => Native.Check(Native.close_range(3, uint.MaxValue, CloseOnExecOnly), "close_range");

    /// <summary>Becomes another program, in the same process with the same environment. Returns only by throwing.</summary>
    public static void Become(SafeHandle program, IReadOnlyList<string> arguments)
    {
        var text = new List<nint>();
        // The memory is not given back: either the process is replaced or it ends.
        foreach (var argument in arguments) text.Add(Marshal.StringToCoTaskMemUTF8(argument));
        text.Add(0);
        var environment = new List<nint>();
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            environment.Add(Marshal.StringToCoTaskMemUTF8($"{variable.Key}={variable.Value}"));
        environment.Add(0);
        fixed (nint* argv = text.ToArray(), envp = environment.ToArray())
            Native.Check(Native.fexecve(program, (byte**)argv, (byte**)envp), "execve", arguments[0]);
    }
}
