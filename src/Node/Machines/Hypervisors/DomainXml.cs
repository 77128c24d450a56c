using System.Globalization;
using System.Security;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Yun.Node.Machines.Disks;
using Yun.Protocol;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>The definition of a machine in libvirt's form. Whatever is a user's is escaped, and what XML cannot hold is refused before.</summary>
internal static partial class DomainXml
{
    /// <summary>Under which our own record of the machine is in its metadata.</summary>
    public const string Namespace = "urn:yun:machine:1";

    /// <param name="kind">As <c>virConnectGetType</c> says.</param>
    /// <param name="hasKvm">The hypervisor is QEMU and has the hardware for it.</param>
    public static string Of(string name, MachineConfig config, DateTimeOffset created, string kind, bool hasKvm)
    {
        Check(config);
        var isXen = kind == "Xen";
        var xml = new StringBuilder();
        xml.Append(CultureInfo.InvariantCulture, $"<domain type='{TypeOf(kind, hasKvm)}'><name>{Text(name)}</name><memory unit='b'>{MachineValidation.MemoryOf(config)}</memory><vcpu>{Math.Max(1, config.Cpus)}</vcpu>");
        xml.Append(CultureInfo.InvariantCulture, $"<metadata><yun:machine xmlns:yun='{Namespace}'>{Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new MachineRecord { Config = config, Created = created }, MachineRecordJson.Default.MachineRecord))}</yun:machine></metadata>");
        xml.Append(config.Firmware == MachineValidation.Uefi ? "<os firmware='efi'>" : "<os>").Append(isXen && config.Kernel != "" ? "<type arch='x86_64' machine='xenpvh'>xenpvh</type>" : "<type arch='x86_64'>hvm</type>");
        if (config.Kernel != "") xml.Append($"<kernel>{Text(config.Kernel)}</kernel>");
        if (config.Initrd != "") xml.Append($"<initrd>{Text(config.Initrd)}</initrd>");
        if (config.Append != "") xml.Append($"<cmdline>{Text(config.Append)}</cmdline>");
        xml.Append("</os><features><acpi/></features><on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash><devices>");
        for (var i = 0; i < config.Disks.Count; i++) AddDisk(xml, config.Disks[i].Source, config.Disks[i].ReadOnly, isXen ? $"xvd{(char)('a' + i)}" : $"vd{(char)('a' + i)}", isXen ? "xen" : "virtio", "disk");
        if (config.Cdrom != "") AddDisk(xml, config.Cdrom, true, isXen ? "hdc" : "sda", isXen ? "ide" : "sata", "cdrom");
        foreach (var (network, settings) in config.Networks)
        {
            xml.Append($"<interface type='network'><source network='{Text(network)}'/>");
            if (settings?.MacAddress is { Length: > 0 } mac) xml.Append($"<mac address='{Text(mac)}'/>");
            xml.Append(isXen ? "</interface>" : "<model type='virtio'/></interface>");
        }
        return xml.Append("<console type='pty'/></devices></domain>").ToString();
    }

    /// <summary>What the metadata hold of a machine that was made here.</summary>
    public static MachineRecord? Record(string metadata)
    {
        if (Base64().Match(metadata) is not { Success: true } found) return null;
        try { return JsonSerializer.Deserialize(Convert.FromBase64String(found.Groups[1].Value), MachineRecordJson.Default.MachineRecord); }
        catch (Exception wrong) when (wrong is JsonException or FormatException) { return null; }
    }

    private static string TypeOf(string kind, bool hasKvm) => kind switch
    {
        "QEMU" => hasKvm ? "kvm" : "qemu",
        "Xen" => "xen",
        "TEST" => "test",
        "VBOX" => "vbox",
        "ESX" or "VMware" => "vmware",
        "Hyper-V" => "hyperv",
        _ => throw new EngineException(ErrorKind.NotImplemented, $"Machines cannot be made on a hypervisor of the kind {kind}."),
    };

    // What this daemon does around a machine that it drives itself, and libvirt does in ways of its own or not at all.
    private static void Check(MachineConfig config)
    {
        if (config.Disks.FirstOrDefault(disk => !disk.Source.StartsWith('/') || disk.SizeBytes != 0) is { } disk) throw Refused($"the disk {(disk.Source == "" ? "of a size" : disk.Source)}: its disks are files that are there, by their paths");
        if (config.CloudInit is not null) throw Refused("--user-data, --meta-data and --network-config: give it a CD with them");
        if (config.PortBindings.Count > 0) throw Refused("-p: its networks are libvirt's own");
        if (config.Modules.Count > 0 || config.CpuFlags.Count > 0 || config.Screen) throw Refused("--module, --cpu-flag and --screen");
        if (config.RestartPolicy is { Name: not ("" or "no") }) throw Refused("--restart");
        if (config.Firmware is not ("" or MachineValidation.Bios or MachineValidation.Uefi)) throw Refused("a firmware of one's own");
        foreach (var text in (IEnumerable<string>)[config.Kernel, config.Initrd, config.Append, config.Cdrom, .. config.Disks.Select(disk => disk.Source), .. config.Networks.Keys])
            if (text.Any(sign => char.IsControl(sign) || char.IsSurrogate(sign) || sign >= '\uFFFE')) throw new EngineException(ErrorKind.InvalidArgument, $"'{string.Concat(text.Where(sign => !char.IsControl(sign)))}' has characters that a machine's definition cannot have.");
    }

    private static void AddDisk(StringBuilder xml, string path, bool readOnly, string target, string bus, string device)
    {
        var format = DiskFormat.Raw;
        if (device == "disk" && File.Exists(path))
            using (var opened = DiskFile.Open(path, readOnly: true)) format = DiskFile.Read(opened, path).Format;
        xml.Append($"<disk type='file' device='{device}'><driver type='{format}'/><source file='{Text(path)}'/><target dev='{target}' bus='{bus}'/>{(readOnly ? "<readonly/>" : "")}</disk>");
    }

    private static EngineException Refused(string what) => new(ErrorKind.NotImplemented, $"A machine of another hypervisor cannot have {what}.");

    private static string Text(string text) => SecurityElement.Escape(text);

    [GeneratedRegex(">([A-Za-z0-9+/=]+)<", RegexOptions.CultureInvariant)]
    private static partial Regex Base64();
}
