using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>A time namespace: its offsets can be set only while nobody is in it, so it is made for children first, set up through procfs, and then entered (time_namespaces(7)).</summary>
internal static class TimeSteps
{
    public static void Make(CompileContext context)
    {
        if (!context.Makes("time"))
        {
            if (context.Linux.TimeOffsets is { Count: > 0 }) throw new SpecException("linux.timeOffsets", "needs a new time namespace in linux.namespaces");
            return;
        }
        var program = context.Program;
        program.Add("make the time namespace", Syscall.unshare, Argument.Flags((long)CloneFlags.NewTime, "NEWTIME"));
        var text = "";
        foreach (var (clock, offset) in context.Linux.TimeOffsets ?? [])
        {
            if (clock is not ("monotonic" or "boottime")) throw new SpecException($"linux.timeOffsets.{clock}", "is not a clock that can be set; it must be monotonic or boottime");
            if (offset.Nanosecs > 999_999_999) throw new SpecException($"linux.timeOffsets.{clock}.nanosecs", $"{offset.Nanosecs} is above 999999999");
            text += $"{clock} {offset.Secs} {offset.Nanosecs}\n";
        }
        if (text.Length > 0)
        {
            var offsets = program.Slot("timens_offsets");
            program.Add("open the clock offsets", Syscall.openat, PathDescriptor.CurrentDirectory, program.Text("/proc/self/timens_offsets"), Argument.Flags(OpenFlags.WriteOnly | OpenFlags.CloseOnExec, "O_WRONLY|O_CLOEXEC")).Into(offsets);
            program.Add("set the clock offsets", Syscall.write, offsets, program.Text(text), text.Length);
        }
        var made = program.Slot("time");
        program.Add("open the time namespace", Syscall.openat, PathDescriptor.CurrentDirectory, program.Text("/proc/self/ns/time_for_children"), Argument.Flags(OpenFlags.CloseOnExec, "O_CLOEXEC")).Into(made);
        program.Add("enter the time namespace", Syscall.setns, made, Argument.Flags((long)CloneFlags.NewTime, "NEWTIME"));
    }
}
