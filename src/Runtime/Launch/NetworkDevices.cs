using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Oci;
using Yun.Runtime.Compile;

namespace Yun.Runtime;

/// <summary><c>linux.netDevices</c>: devices of the host that become the container's. When its network namespace ends, the kernel gives back those that are hardware and removes the others.</summary>
internal static class NetworkDevices
{
    private const string Field = "linux.netDevices";
    private const int NameBytesMax = 15;

    public static bool Any(RuntimeSpec spec) => spec.Linux?.NetDevices is { Count: > 0 };

    /// <summary>Says in the plan that they are moved, and waits for it: parameters of theirs can be set only afterwards.</summary>
    public static void Add(CompileContext context)
    {
        if (!Any(context.Spec)) return;
        if (!context.Has("network") && context.Input.NetworkNamespace < 0) throw new SpecException(Field, "needs a network namespace: the host's devices are the host's already");
        if (context.Host.UserId != 0) throw new SpecException(Field, "takes root: network devices are the host's");
        foreach (var (name, device) in context.Linux.NetDevices!)
            foreach (var part in (string?[])[name, device.Name])
                if (part is not null && (part.Length > NameBytesMax || part is "." or ".." || HasForbidden(part))) throw new SpecException($"{Field}.{name}", $"'{part}' is not the name of a network device");
        StageSteps.Wait(context, LaunchStage.NetworkDevices);
    }

    // The kernel's rule for names (dev_valid_name), and its pattern for numbers.
    private static bool HasForbidden(string name)
    {
        foreach (var letter in name)
            if (letter is '/' or ':' or '%' || char.IsWhiteSpace(letter)) return true;
        return false;
    }

    public static void Move(RuntimeSpec spec, int pid)
    {
        var devices = new List<(string, string)>();
        foreach (var (name, device) in spec.Linux!.NetDevices!) devices.Add((name, device.Name is { Length: > 0 } other ? other : name));
        using var target = PathDescriptor.Open(null, $"/proc/{pid}/ns/net", OpenFlags.ReadOnly);
        try { DeviceMove.Move(target, devices); }
        catch (SyscallException error) { throw new SpecException(Field, error.Message); }
    }
}
