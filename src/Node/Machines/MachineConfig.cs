using Yun.Node.Containers;

namespace Yun.Node.Machines;

/// <summary>What a whole virtual machine is asked to be: the body of <c>POST /yun/v1/machines/create</c>, and a part of its record.</summary>
public sealed record MachineConfig
{
    /// <summary>What the guest is told by cloud-init, and neighbours may call it by; empty is the name.</summary>
    public string Hostname { get; set; } = "";
    /// <summary>Bytes; 0 is 512 MiB.</summary>
    public long Memory { get; set; }
    /// <summary>Processors that the guest sees; 0 is one.</summary>
    public int Cpus { get; set; }
    /// <summary>bios, uefi, or a file of the host: it is copied.</summary>
    public string Firmware { get; set; } = "";
    public List<MachineDiskRequest> Disks { get; set; } = [];
    /// <summary>A file of the host, an ISO 9660 image; empty is none.</summary>
    public string Cdrom { get; set; } = "";
    /// <summary>Files of the host that are copied: what is started without firmware finding it on a disk.</summary>
    public string Kernel { get; set; } = "";
    public string Initrd { get; set; } = "";
    /// <summary>The kernel's command line.</summary>
    public string Append { get; set; } = "";
    /// <summary>What a kernel is given that takes several files (multiboot), such as Xen: each a file of the host, which is copied, and after a space its own command line.</summary>
    public List<string> Modules { get; set; } = [];
    /// <summary>What the processor shall have or lack: <c>+name</c>, <c>-name</c>, by QEMU's names.</summary>
    public List<string> CpuFlags { get; set; } = [];
    /// <summary>A graphics card, a keyboard and a pointer, which a viewer of VNC is connected with.</summary>
    public bool Screen { get; set; }
    public CloudInitConfig? CloudInit { get; set; }
    /// <summary>By name or id; the first leads outside unless <c>GwPriority</c> says otherwise. Empty is the network bridge.</summary>
    public Dictionary<string, EndpointSettings?> Networks { get; set; } = [];
    /// <summary>Without any network.</summary>
    public bool NetworkDisabled { get; set; }
    public Dictionary<string, List<PortBinding>?> PortBindings { get; set; } = [];
    public RestartPolicy? RestartPolicy { get; set; }
    /// <summary>Seconds that the guest has after its power button was pressed; null is 30.</summary>
    public int? StopTimeout { get; set; }
    public Dictionary<string, string> Labels { get; set; } = [];
}

/// <summary>One disk, as asked.</summary>
public sealed record MachineDiskRequest
{
    /// <summary>An absolute path of the host, which is used where it is; the name of an imported disk, which is not changed: the machine has its changes; or empty for a new one.</summary>
    public string Source { get; set; } = "";
    /// <summary>Of a new disk, or larger than what the source has; 0 is what that has.</summary>
    public long SizeBytes { get; set; }
    public bool ReadOnly { get; set; }
}

/// <summary>What cloud-init finds on a disk with the label CIDATA (its data source NoCloud): the texts of the three files. Those that are absent or empty are made up from what is known of the machine.</summary>
public sealed record CloudInitConfig
{
    public string? UserData { get; set; }
    public string? MetaData { get; set; }
    public string? NetworkConfig { get; set; }
}
