using Yun.Oci;

namespace Yun.Runtime.Commands;

/// <summary>The hooks that start and delete run; those before are the launch's.</summary>
internal static class ContainerHooks
{
    /// <summary>In the container, before its program begins. A failure is the start's: the container is then stopped.</summary>
    public static void Starting(ContainerState state)
    {
        var spec = Bundle.Read(state.Bundle);
        try { HookRunner.Run(spec.Hooks?.StartContainer, "startContainer", Document(state, "created"), "/", state.Pid, spec); }
        catch (LaunchException)
        {
            Stop(state);
            throw;
        }
    }

    /// <summary>On the host, when the program has begun; a failure stops the container, as runc does it.</summary>
    public static void Started(ContainerState state)
    {
        try { HookRunner.Run(Bundle.Read(state.Bundle).Hooks?.Poststart, "poststart", Document(state, "running"), state.Bundle, null); }
        catch (LaunchException)
        {
            Stop(state);
            throw;
        }
    }

    /// <summary>On the host, when nothing of the container is left. What fails is told and stops nothing.</summary>
    public static void Stopped(ContainerState state)
    {
        SpecHooks? hooks;
        try { hooks = Bundle.Read(state.Bundle).Hooks; }
        catch (UsageException) { return; } // The bundle went first.
        foreach (var hook in hooks?.Poststop ?? [])
        {
            try { HookRunner.Run([hook], "poststop", Document(state, "stopped"), state.Bundle, null); }
            catch (LaunchException error) { Output.WriteError($"yun-runtime: {error.Message}\n"); }
        }
    }

    private static byte[] Document(ContainerState state, string status) => StateDocument.Make(state.Id, status, state.Pid, state.Bundle, state.Annotations);

    private static void Stop(ContainerState state)
    {
        using var process = Linux.ProcessDescriptor.Open(state.Pid);
        if (Linux.ProcessTimes.StartTime(state.Pid) == state.StartTime) Linux.ProcessDescriptor.Signal(process, 9);
    }
}
