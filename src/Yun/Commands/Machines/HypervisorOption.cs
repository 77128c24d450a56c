using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>--hypervisor URI</c>: whose machines a command is about.</summary>
internal static class HypervisorOption
{
    public static Setting<string?> Make() => new("hypervisor", null, "URI", "Machines of another hypervisor, by libvirt: qemu:///system, xen:///system, vbox:///session, esx://host/", null, text => text);

    /// <summary>What a route is told of it.</summary>
    public static Query Query(this Setting<string?> hypervisor) => new Query().Add("hypervisor", hypervisor.Value);
}
