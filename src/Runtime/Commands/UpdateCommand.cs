using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Cgroups;
using Yun.Runtime.Compile;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>update ID</c>: changes a container's limits, from <c>linux.resources</c> in a file (<c>-</c> is standard input) or from options.</summary>
internal static class UpdateCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        SpecResources? fromFile = null;
        var resources = new SpecResources();
        bool Take(string name, Func<string> value)
        {
            if (name is not ("--resources" or "-r")) return TakeLimit(resources, name, value);
            fromFile = Read(value());
            return true;
        }
        line.Options(Take);
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        line.Options(Take);
        if (state.Status(settings) == "stopped") throw new UsageException($"container not running: {state.Id}");
        CgroupSettings.Change(Cgroup.At(state.CgroupPath), fromFile ?? resources, CgroupLayout.Machine);
        return 0;
    }

    private static bool TakeLimit(SpecResources resources, string name, Func<string> value)
    {
        SpecMemory Memory() => resources.Memory ??= new SpecMemory();
        SpecCpu Cpu() => resources.Cpu ??= new SpecCpu();
        switch (name)
        {
            case "--memory": Memory().Limit = ByteCount.Parse(value(), name); return true;
            case "--memory-reservation": Memory().Reservation = ByteCount.Parse(value(), name); return true;
            case "--memory-swap": Memory().Swap = ByteCount.Parse(value(), name); return true;
            // The kernel has done away with the first; the other is v1's alone.
            case "--kernel-memory": Memory().Kernel = ByteCount.Parse(value(), name); return true;
            case "--kernel-memory-tcp": Memory().KernelTcp = ByteCount.Parse(value(), name); return true;
            case "--cpu-share": Cpu().Shares = (ulong)Number(value(), name); return true;
            case "--cpu-period": Cpu().Period = (ulong)Number(value(), name); return true;
            case "--cpu-quota": Cpu().Quota = Number(value(), name); return true;
            case "--cpu-burst": Cpu().Burst = (ulong)Number(value(), name); return true;
            case "--cpu-idle": Cpu().Idle = Number(value(), name); return true;
            case "--cpu-rt-period": Cpu().RealtimePeriod = (ulong)Number(value(), name); return true;
            case "--cpu-rt-runtime": Cpu().RealtimeRuntime = Number(value(), name); return true;
            case "--cpuset-cpus": Cpu().Cpus = value(); return true;
            case "--cpuset-mems": Cpu().Mems = value(); return true;
            case "--pids-limit": (resources.Pids ??= new SpecPids()).Limit = Number(value(), name); return true;
            case "--blkio-weight": (resources.BlockIO ??= new SpecBlockIo()).Weight = (ushort)Number(value(), name); return true;
            case "--l3-cache-schema" or "--mem-bw-schema": throw new UsageException($"{name} is not supported: there is no Intel RDT in this runtime");
            default: return false;
        }
    }

    private static long Number(string text, string option) => long.TryParse(text, out var number) ? number : throw new UsageException($"{option} is '{text}'; it must be a whole number");

    private static SpecResources Read(string path)
    {
        var bytes = KernelFile.TryReadBytes(path == "-" ? "/proc/self/fd/0" : path) ?? throw new UsageException($"--resources is '{path}', which does not exist");
        var json = new JsonCursor(bytes);
        return SpecReader.Resources(ref json) ?? throw new SpecException(path, "is null");
    }
}
