using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Node.Containers.Spec;
using Yun.Node.Volumes;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>
/// A container's volumes and bind mounts as its virtual machine has them: mounted in the sandbox below one directory, which virtiofsd serves to the guest, and
/// bound there to the places that the container wants them at.
/// </summary>
/// <param name="InGuest">All mounts of the container, as its specification inside the guest has them.</param>
/// <param name="InSandbox">Those that come from this machine.</param>
/// <param name="Descriptors">Detached mounts for some of these, by destination; they belong to what was prepared.</param>
internal sealed record SharedFolders(IReadOnlyList<SpecMount> InGuest, IReadOnlyList<SpecMount> InSandbox, IReadOnlyDictionary<string, SafeHandle> Descriptors)
{
    /// <summary>Where virtiofsd listens, in the sandbox.</summary>
    public const string Socket = "/run/files.sock";

    /// <summary>By which the guest knows it.</summary>
    public const string Tag = "volumes";

    /// <summary>The group that may connect to <see cref="Socket"/>, by a name that the sandbox alone knows.</summary>
    public const string Group = "machine";

    private const string Folder = "/vm/volumes", FolderInGuest = "/run/yun/volumes";

    // virtiofsd acts with the rights that a container's root has on its own files, and may shut itself in.
    private static readonly string[] s_capabilities =
        ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_MKNOD", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"];

    public bool Any => InSandbox.Count > 0;

    public static SharedFolders Of(PreparedMounts prepared)
    {
        List<SpecMount> guest = [], sandbox = [];
        var descriptors = new Dictionary<string, SafeHandle>();
        foreach (var mount in prepared.Specs)
        {
            if (mount.Type != "bind")
            {
                guest.Add(mount);
                continue;
            }
            var (number, options) = (sandbox.Count, mount.Options ?? []);
            var there = $"{Folder}/{number}";
            if (prepared.Descriptors.TryGetValue(mount.Destination, out var descriptor)) descriptors[there] = descriptor;
            else if (!Directory.Exists(mount.Source)) throw new EngineException(ErrorKind.NotImplemented, $"{mount.Source} is a file: a virtual machine (--runtime vm) can be given folders only");
            sandbox.Add(new SpecMount { Destination = there, Type = "bind", Source = mount.Source, Options = options });
            guest.Add(new SpecMount { Destination = mount.Destination, Type = "bind", Source = $"{FolderInGuest}/{number}", Options = ["rbind", "rprivate", .. options.Where(option => option is "ro" or "rro")] });
        }
        return new SharedFolders(guest, sandbox, descriptors);
    }

    /// <summary>virtiofsd, as one more process in the sandbox.</summary>
    /// <param name="program">Its path there.</param>
    public static RuntimeSpec ServerSpec(string program, string cgroupPath) => new()
    {
        Root = new SpecRoot { Path = "rootfs" },
        Process = new SpecProcess
        {
            Cwd = "/", Env = ["PATH=/usr/bin:/bin"], User = new SpecUser(), NoNewPrivileges = true, Capabilities = CapabilitySet.ForSpec(s_capabilities),
            Args =
            [
                program, "-f", $"--socket-path={Socket}", $"--socket-group={Group}", "--rlimit-nofile=0",
                "-o", $"source={Folder}", "-o", "sandbox=chroot", "-o", "announce_submounts", "-o", "xattr", "-o", "log_level=warn",
            ],
        },
        Linux = new SpecLinux { CgroupsPath = cgroupPath, Seccomp = Filter() },
    };

    /// <summary>Docker's, with what each thread of virtiofsd does at its start: a working directory of its own, and no other namespace.</summary>
    private static SpecSeccomp Filter()
    {
        const ulong cloneFs = 0x200;
        var filter = SeccompProfile.Default(s_capabilities);
        filter.Syscalls!.Add(new SpecSyscall { Names = ["unshare"], Action = "SCMP_ACT_ALLOW", Args = [new SpecSyscallArgument { Index = 0, Value = cloneFs, Op = "SCMP_CMP_EQ" }] });
        return filter;
    }
}
