using System.Text.RegularExpressions;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>Refuses what no machine can be, before anything is made.</summary>
internal static partial class MachineValidation
{
    public const string Bios = "bios", Uefi = "uefi";
    public const long DiskBytesMax = 64L << 40;

    private const long DefaultMemoryBytes = 512L << 20, MemoryBytesMin = 16L << 20;
    private const int DisksMax = 16, AppendMax = 2047, ModulesMax = 8, CloudInitMax = 1 << 20;

    public static long MemoryOf(MachineConfig config) => config.Memory > 0 ? config.Memory : DefaultMemoryBytes;

    public static void Check(MachineConfig config)
    {
        if (config.Hostname != "" && !HostName().IsMatch(config.Hostname)) throw Wrong($"'{config.Hostname}' is no host name: letters, digits and dashes, 63 at most.");
        if (config.Memory < 0 || config.Memory is > 0 and < MemoryBytesMin) throw Wrong($"A machine needs {MemoryBytesMin >> 20} MiB of memory at least, not {config.Memory} bytes.");
        CheckMemory(config);
        if (config.Cpus < 0 || config.Cpus > Environment.ProcessorCount) throw Wrong($"A machine can have 1 to {Environment.ProcessorCount} processors here, not {config.Cpus}.");
        if (config.Disks.Count > DisksMax) throw Wrong($"A machine can have {DisksMax} disks, not {config.Disks.Count}.");
        foreach (var disk in config.Disks)
        {
            if (disk.SizeBytes < 0 || disk.SizeBytes > DiskBytesMax || disk.SizeBytes % 512 != 0) throw Wrong($"A disk cannot have {disk.SizeBytes} bytes: it has whole sectors of 512, and 64 TiB at most.");
            if (disk.Source == "" && disk.SizeBytes == 0) throw Wrong("A new disk needs a size.");
            if (disk.Source == "" && disk.ReadOnly) throw Wrong("A new disk that is only read has nothing in it.");
        }
        if (config.Append.Length > AppendMax || config.Append.Any(char.IsControl)) throw Wrong($"The kernel's command line must be one line of {AppendMax} characters at most.");
        if (config.Modules.Count > ModulesMax) throw Wrong($"A kernel can be given {ModulesMax} modules, not {config.Modules.Count}.");
        if (config.Modules.Any(module => module.Length > AppendMax || module.Any(char.IsControl))) throw Wrong($"A module's path and command line must be one line of {AppendMax} characters at most.");
        if (config.Modules.Count > 0 && config.Initrd != "") throw Wrong("--module and --initrd exclude each other: to a kernel that takes modules, the initrd is one of them.");
        if (config.CpuFlags.FirstOrDefault(flag => !CpuFlag().IsMatch(flag)) is { } wrong) throw Wrong($"'{wrong}' is no flag of a processor: it is + or - and a name, as -smap.");
        if (config.Kernel == "" && (config.Modules.Count > 0 || config.Initrd != "" || config.Append != "")) throw Wrong("--initrd, --module and --append are for a kernel: name one with --kernel.");
        if (config is { Disks.Count: 0, Cdrom: "", Kernel: "", Firmware: "" or Bios or Uefi }) throw Wrong("The machine has nothing to start from: give it a disk, a CD or a kernel.");
        if (config.NetworkDisabled && (config.Networks.Count > 0 || config.PortBindings.Count > 0)) throw Wrong("A machine without a network has no networks and publishes no ports.");
        foreach (var text in (string?[])[config.CloudInit?.UserData, config.CloudInit?.MetaData, config.CloudInit?.NetworkConfig])
            if (text?.Length > CloudInitMax) throw Wrong($"A file for cloud-init may have {CloudInitMax} characters at most.");
        Validation.RestartPolicy(config.RestartPolicy, autoRemove: false);
    }

    /// <summary>Whether this host has the memory at all: QEMU would be ended when the guest uses it.</summary>
    public static void CheckMemory(MachineConfig config)
    {
        if (MemoryInfo.Read().Bytes("MemTotal") is { } total && MemoryOf(config) > total) throw Wrong($"The machine would have {MemoryOf(config) >> 20} MiB of memory, and this host has {total >> 20}.");
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);

    [GeneratedRegex("^[+-][a-z0-9][a-z0-9._-]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex CpuFlag();

    [GeneratedRegex("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex HostName();
}
