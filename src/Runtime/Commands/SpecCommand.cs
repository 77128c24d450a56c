using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary><c>spec</c>: writes a config.json to begin with.</summary>
internal static class SpecCommand
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
        var path = Path.Combine(bundle, "config.json");
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out var file, mode: 0x1a4);
        if (errno == Errno.EEXIST) throw new UsageException($"{path} exists already; remove it first");
        if (file is null) throw new SyscallException("open", errno, path);
        using (file) Pipe.WriteAll(file, DefaultSpec.Json);
        return 0;
    }
}
