using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary><c>spec</c>: writes a config.json to begin with.</summary>
internal static class SpecCommand
{
    public static int Run(CommandLine line)
    {
        var (bundle, profile, rootless) = (".", "", false);
        line.Options((name, value) =>
        {
            if (name is "--bundle" or "-b") bundle = value();
            else if (name is "--profile") profile = value();
            else if (name is "--rootless") rootless = true;
            else return false;
            return true;
        });
        if (profile is not ("" or "default" or "strict")) throw new UsageException($"there is no profile '{profile}'; there are default and strict");
        if (rootless && profile == "strict") throw new UsageException("--rootless and --profile strict exclude each other: the profile's devices and limits take root");
        var path = Path.Combine(bundle, "config.json");
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out var file, mode: 0x1a4);
        if (errno == Errno.EEXIST) throw new UsageException($"{path} exists already; remove it first");
        if (file is null) throw new SyscallException("open", errno, path);
        using (file) Pipe.WriteAll(file, profile == "strict" ? StrictSpec.Json : rootless ? DefaultSpec.RootlessJson(UserIdentity.UserId, UserIdentity.GroupId) : DefaultSpec.Json);
        return 0;
    }
}
