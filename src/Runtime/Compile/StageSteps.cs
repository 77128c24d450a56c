using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Where a start waits while the parent does something for it, such as running hooks.</summary>
internal enum LaunchStage
{
    /// <summary>Everything is mounted below the bundle's root, and the process still sees the host's tree: hooks prestart and createRuntime.</summary>
    CreateRuntime = 1,
    /// <summary>After those: hooks createContainer.</summary>
    CreateContainer,
    /// <summary>All but the program itself: hooks startContainer.</summary>
    StartContainer,
    /// <summary>The network namespace is there: its devices are moved into it.</summary>
    NetworkDevices,
}

internal static unsafe class StageSteps
{
    /// <summary>The child's own copy of the end that the parent writes to would keep it waiting for a parent that is dead.</summary>
    public static void Begin(CompileContext context)
    {
        if (context.Input.GoWrite >= 0) context.Program.Add("leave the sending to the parent", Syscall.close, Argument.Descriptor(context.Input.GoWrite, "go"));
    }

    public static void Wait(CompileContext context, LaunchStage stage)
    {
        var record = (long*)context.Program.Arena.Allocate(Report.Size);
        (record[0], record[1]) = ((long)stage, LaunchReport.StageRecord);
        context.Program.Add($"tell that {stage} is reached", Syscall.write, Argument.Descriptor(context.Input.ReportPipe, "report"), Argument.Memory(record, stage.ToString()), Report.Size);
        WaitForParent(context, stage == LaunchStage.NetworkDevices ? "wait for the network devices" : $"wait for the {stage} hooks");
    }

    public static void WaitForParent(CompileContext context, string purpose) =>
        context.Program.Add(purpose, Syscall.read, Argument.Descriptor(context.Input.GoRead, "go"), Argument.Memory(context.Program.Arena.Allocate(1), "1 byte"), 1).AtLeast(1);
}
