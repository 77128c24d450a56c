using Yun.Linux.Cgroups;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Commands;

/// <summary><c>plan --bundle DIR</c>: prints the program without running it.</summary>
internal static class PlanCommand
{
    public static int Run(CommandLine line)
    {
        var bundle = ".";
        line.Options((name, value) =>
        {
            if (name is not ("--bundle" or "-b")) return false;
            bundle = value();
            return true;
        });
        var spec = Bundle.Read(bundle);
        var path = spec.Linux?.CgroupsPath is { Length: > 0 } given ? given : "/plan";
        using var program = ContainerProgram.Compile(spec, new LaunchInput { Id = "plan", OpensForReal = false, Bundle = Path.GetFullPath(bundle), Cgroup = Cgroup.At(path) }, HostView.Instance);
        Output.Write($"clone3({program.CloneFlags})\n{ProgramText.Print(program.Program)}");
        return 0;
    }
}
