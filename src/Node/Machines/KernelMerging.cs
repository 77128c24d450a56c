using Yun.Linux;

namespace Yun.Node.Machines;

/// <summary>The kernel's merging of equal memory (KSM): one switch for the whole machine, which is its owner's to set.</summary>
internal static class KernelMerging
{
    private const string Switch = "/sys/kernel/mm/ksm/run";

    /// <summary>What the owner of the machine should know where virtual machines offer their memory for it.</summary>
    public static string Warning()
    {
        const string risk = "Virtual machines' memory is merged where it is alike: by how long a write takes, a guest can find out what others hold, so let only guests that trust each other run here.";
        return KernelFile.TryRead(Switch)?.Trim() switch
        {
            null => $"{risk} This machine's kernel cannot do it, so nothing is merged.",
            "1" => risk,
            _ => $"{risk} It begins when this machine's kernel is told to: echo 1 > {Switch}.",
        };
    }
}
