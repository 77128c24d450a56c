using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>A failed step in runc's words: clients choose exit codes 126 and 127 by looking for them.</summary>
internal static class LaunchFailure
{
    public static LaunchException Of(RuntimeSpec spec, SyscallProgram program, int index, long result)
    {
        // A look at the program that answers 0 has found a directory.
        var errno = result < 0 ? (Errno)(-result) : program.Texts[index].IsProgram ? Errno.EISDIR : Errno.EIO;
        var purpose = program.Texts[index].Purpose;
        if (!program.Texts[index].IsProgram) return new LaunchException(purpose, errno, $"unable to start container process: error during container init: {purpose}: {errno.Describe()}{Hint(purpose, errno)}");
        var name = spec.Process?.Args?[0] ?? "";
        var text = errno switch
        {
            Errno.ENOENT or Errno.ENOTDIR when !name.Contains('/') => $"exec: \"{name}\": executable file not found in $PATH",
            Errno.ENOENT when program.Texts[index].Call == Syscall.execve => $"exec {name}: {errno.Describe()}",
            Errno.ENOENT or Errno.ENOTDIR => $"exec: \"{name}\": stat {name}: {errno.Describe()}",
            Errno.EACCES or Errno.EISDIR => $"exec: \"{name}\": permission denied",
            _ => $"exec {name}: {errno.Describe()}",
        };
        return new LaunchException(purpose, errno, $"unable to start container process: {text}", isProgramFault: true);
    }

    private static string Hint(string purpose, Errno errno) => (purpose, errno) switch
    {
        ("open the mount point /proc" or "open the mount point /sys", Errno.ELOOP or Errno.ENOTDIR) => ": it must be mounted on ordinary directory",
        ("set the scheduler", Errno.EPERM) => ": process scheduler can't be used together with AllowedCPUs (linux.resources.cpu.cpus), or needs CAP_SYS_NICE",
        _ => "",
    };
}
