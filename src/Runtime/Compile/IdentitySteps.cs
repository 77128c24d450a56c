using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Who the container's process is: capabilities, user and groups, no_new_privs, seccomp. The order matters; each comment says why.</summary>
internal static unsafe class IdentitySteps
{
    private const int CapBsetDrop = 24, SetKeepCaps = 8, SetNoNewPrivs = 38, CapAmbient = 47, AmbientRaise = 2, AmbientClearAll = 4;

    public static void Add(CompileContext context, byte[]? filter)
    {
        var program = context.Program;
        var process = context.Process;
        var sets = process.Capabilities is { } given ? Sets(given) : CapabilitySets.None;

        // Without no_new_privs a filter needs CAP_SYS_ADMIN, so it goes in before that is dropped; with it the filter goes in last, and sees least.
        if (filter is not null && !process.NoNewPrivileges) Seccomp(context, filter);

        // The bounding set cannot be changed once CAP_SETPCAP is gone.
        for (var capability = 0; capability < context.Host.CapabilityCount; capability++)
            if ((sets.Bounding >> capability & 1) == 0 && (context.BoundingCapabilities >> capability & 1) == 1)
                program.Add("drop a capability from the bounding set", Syscall.prctl, Argument.Flags(CapBsetDrop, "PR_CAPBSET_DROP"), Argument.Flags(capability, NameOf(capability)));

        var user = process.User;
        // To the kernel the last number means "leave it as it is", which is root.
        if (user.Uid == uint.MaxValue) throw new SpecException("process.user.uid", $"{user.Uid} is no user id");
        if (user.Gid == uint.MaxValue) throw new SpecException("process.user.gid", $"{user.Gid} is no group id");
        program.Add("keep capabilities over the change of user", Syscall.prctl, Argument.Flags(SetKeepCaps, "PR_SET_KEEPCAPS"), 1);
        var groups = user.AdditionalGids ?? [];
        var list = (uint*)program.Arena.Allocate((nuint)(4 * groups.Count + 4));
        for (var i = 0; i < groups.Count; i++) list[i] = groups[i];
        if (MapWriter.DeniesGroups(context.Linux))
        {
            if (groups.Count > 0) throw new SpecException("process.user.additionalGids", "cannot be set: without root a map of one's own group alone is given only to who gives up changing groups");
        }
        else program.Add("set the supplementary groups", Syscall.setgroups, groups.Count, Argument.Memory(list, string.Join(' ', groups)));
        program.Add($"become group {user.Gid}", Syscall.setresgid, user.Gid, user.Gid, user.Gid);
        program.Add($"become user {user.Uid}", Syscall.setresuid, user.Uid, user.Uid, user.Uid);
        SetCapabilities(context, sets);
        if (process.NoNewPrivileges)
        {
            program.Add("set no_new_privs", Syscall.prctl, Argument.Flags(SetNoNewPrivs, "PR_SET_NO_NEW_PRIVS"), 1);
            if (filter is not null) Seccomp(context, filter);
        }
    }

    private static void SetCapabilities(CompileContext context, CapabilitySets sets)
    {
        var program = context.Program;
        var header = (uint*)program.Arena.Allocate(8);
        header[0] = 0x20080522; // _LINUX_CAPABILITY_VERSION_3
        var data = (uint*)program.Arena.Allocate(24);
        // Only what we hold ourselves can be given; asking for more would fail the start for capabilities that no one here could use.
        var (effective, permitted, inheritable) = (sets.Effective & context.PermittedCapabilities, sets.Permitted & context.PermittedCapabilities, sets.Inheritable & context.PermittedCapabilities);
        (data[0], data[1], data[2]) = ((uint)effective, (uint)permitted, (uint)inheritable);
        (data[3], data[4], data[5]) = ((uint)(effective >> 32), (uint)(permitted >> 32), (uint)(inheritable >> 32));
        program.Add("set the capabilities", Syscall.capset, Argument.Memory(header, "version 3"), Argument.Memory(data, $"effective {effective:x}, permitted {permitted:x}, inheritable {inheritable:x}"));
        program.Add("clear the ambient capabilities", Syscall.prctl, Argument.Flags(CapAmbient, "PR_CAP_AMBIENT"), Argument.Flags(AmbientClearAll, "CLEAR_ALL"), 0, 0, 0).Tolerate(Errno.EINVAL);
        for (var capability = 0; capability < context.Host.CapabilityCount; capability++)
            if ((sets.Ambient & permitted & inheritable) >> capability << 63 != 0)
                program.Add("raise an ambient capability", Syscall.prctl, Argument.Flags(CapAmbient, "PR_CAP_AMBIENT"), Argument.Flags(AmbientRaise, "RAISE"), Argument.Flags(capability, NameOf(capability)));
    }

    private static void Seccomp(CompileContext context, byte[] filter)
    {
        var program = context.Program;
        var description = program.Arena.Place(new FilterProgram { Length = (ushort)(filter.Length / 8), Instructions = (nint)program.Arena.Copy(filter) });
        var flags = SeccompFilter.Flags(context.Linux.Seccomp!, listens: context.Input.ListenerSocket >= 0);
        var instructions = Argument.Memory(description, $"{filter.Length / 8} instructions");
        if (context.Input.ListenerSocket < 0)
        {
            program.Add("install the seccomp filter", Syscall.seccomp, Argument.Flags(1, "SET_MODE_FILTER"), flags, instructions);
            return;
        }
        var message = DescriptorMessage.Make(program, "listener", out var listener);
        program.Add("install the seccomp filter", Syscall.seccomp, Argument.Flags(1, "SET_MODE_FILTER"), flags | 8, instructions).Into(listener);
        program.Add("hand over the seccomp listener", Syscall.sendmsg, Argument.Descriptor(context.Input.ListenerSocket, "listener socket"), Argument.Memory(message, "$listener"), Argument.Flags(0x4000, "MSG_NOSIGNAL"));
        program.Add("close the seccomp listener", Syscall.close, listener);
    }

    private static CapabilitySets Sets(SpecCapabilities given)
    {
        return new CapabilitySets(Mask(given.Bounding, "bounding"), Mask(given.Effective, "effective"), Mask(given.Permitted, "permitted"), Mask(given.Inheritable, "inheritable"), Mask(given.Ambient, "ambient"));

        static ulong Mask(List<string>? names, string set) =>
            Capabilities.MaskOf(names, unknown => throw new SpecException($"process.capabilities.{set}", $"'{unknown}' is not a capability"));
    }

    private static string NameOf(int capability) => capability < Capabilities.Names.Count ? Capabilities.Names[capability] : $"{capability}";

    private sealed record CapabilitySets(ulong Bounding, ulong Effective, ulong Permitted, ulong Inheritable, ulong Ambient)
    {
        public static CapabilitySets None { get; } = new(0, 0, 0, 0, 0);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public nint Instructions;
    }
}
