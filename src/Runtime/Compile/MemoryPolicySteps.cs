using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary><c>linux.memoryPolicy</c>: from which nodes the process takes its memory (set_mempolicy(2)).</summary>
internal static unsafe class MemoryPolicySteps
{
    private const int NodesMax = 1024;
    private static readonly string[] s_modes = ["MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"];

    public static string[] Modes => s_modes;

    public static string[] Flags { get; } = ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES", "MPOL_F_NUMA_BALANCING"];

    public static void Add(CompileContext context)
    {
        if (context.Linux.MemoryPolicy is not { } policy) return;
        // As if there were none.
        if (policy is { Mode: "", Nodes: null or "", Flags: null or { Count: 0 } }) return;
        const string field = "linux.memoryPolicy";
        var mode = Array.IndexOf(s_modes, policy.Mode);
        if (mode < 0) throw new SpecException($"{field}.mode", $"invalid memory policy mode '{policy.Mode}'; it must be one of {string.Join(", ", s_modes)}");
        long flags = 0;
        foreach (var flag in policy.Flags ?? [])
            flags |= flag switch
            {
                "MPOL_F_STATIC_NODES" => 1L << 15,
                "MPOL_F_RELATIVE_NODES" => 1L << 14,
                "MPOL_F_NUMA_BALANCING" => 1L << 13,
                _ => throw new SpecException($"{field}.flags", $"invalid memory policy flag '{flag}'"),
            };
        var nodes = NumberList.Mask(context.Program, policy.Nodes, NodesMax, $"{field}.nodes", "invalid memory policy node: ");
        context.Program.Add("set the memory policy (set_mempolicy)", Syscall.set_mempolicy, Argument.Flags((uint)mode | flags, policy.Mode), 
            string.IsNullOrEmpty(policy.Nodes) ? 0 : Argument.Memory(nodes, policy.Nodes), string.IsNullOrEmpty(policy.Nodes) ? 0 : NodesMax + 1);
    }
}
