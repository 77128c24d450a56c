using Yun.Oci;

namespace Yun.Runtime.Spec;

internal static partial class SpecReader
{
    private static SpecLinux? Linux(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecLinux();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "namespaces": read.Namespaces = List(ref json, Namespace); break;
                case "uidMappings": read.UidMappings = List(ref json, IdMapping); break;
                case "gidMappings": read.GidMappings = List(ref json, IdMapping); break;
                case "timeOffsets": read.TimeOffsets = Map(ref json, TimeOffset); break;
                case "devices": read.Devices = List(ref json, Device); break;
                case "cgroupsPath": read.CgroupsPath = json.Text(); break;
                case "resources": read.Resources = Resources(ref json); break;
                case "rootfsPropagation": read.RootfsPropagation = json.Text(); break;
                case "seccomp": read.Seccomp = Seccomp(ref json); break;
                case "sysctl": read.Sysctl = json.TextMap(); break;
                case "maskedPaths": read.MaskedPaths = json.Texts(); break;
                case "readonlyPaths": read.ReadonlyPaths = json.Texts(); break;
                case "mountLabel": read.MountLabel = json.Text(); break;
                case "netDevices": read.NetDevices = Map(ref json, NetDevice); break;
                case "intelRdt" when !json.IsNull: throw new Compile.SpecException(json.Field, "is not supported");
                case "memoryPolicy": read.MemoryPolicy = MemoryPolicy(ref json); break;
                case "personality": read.Personality = Personality(ref json); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecNamespace? Namespace(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecNamespace();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "type": read.Type = json.Text(); break;
                case "path": read.Path = json.Text(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecNetDevice? NetDevice(ref JsonCursor json)
    {
        if (!json.BeginObject()) return new SpecNetDevice();
        var read = new SpecNetDevice();
        while (json.NextProperty(out var name))
        {
            if (name == "name" && !json.IsNull) read.Name = json.Text();
            else json.Skip();
            json.EndProperty();
        }
        return read;
    }

    private static SpecIdMapping? IdMapping(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecIdMapping();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "containerID" when !json.IsNull: read.ContainerId = json.Unsigned32(); break;
                case "hostID" when !json.IsNull: read.HostId = json.Unsigned32(); break;
                case "size" when !json.IsNull: read.Size = json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecTimeOffset? TimeOffset(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecTimeOffset();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "secs" when !json.IsNull: read.Secs = json.Integer(); break;
                case "nanosecs" when !json.IsNull: read.Nanosecs = json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecDevice? Device(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecDevice();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "type": read.Type = json.Text(); break;
                case "path": read.Path = json.Text(); break;
                case "major" when !json.IsNull: read.Major = json.Integer(); break;
                case "minor" when !json.IsNull: read.Minor = json.Integer(); break;
                case "fileMode" when !json.IsNull: read.FileMode = json.Unsigned32(); break;
                case "uid" when !json.IsNull: read.Uid = json.Unsigned32(); break;
                case "gid" when !json.IsNull: read.Gid = json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecSeccomp? Seccomp(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecSeccomp();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "defaultAction": read.DefaultAction = json.Text(); break;
                case "defaultErrnoRet" when !json.IsNull: read.DefaultErrnoRet = json.Unsigned32(); break;
                case "architectures": read.Architectures = json.Texts(); break;
                case "flags": read.Flags = json.Texts(); break;
                case "listenerPath": read.ListenerPath = json.Text(); break;
                case "listenerMetadata": read.ListenerMetadata = json.Text(); break;
                case "syscalls": read.Syscalls = List(ref json, Syscall); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecSyscall? Syscall(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecSyscall();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "names": read.Names = json.Texts() ?? []; break;
                case "action": read.Action = json.Text(); break;
                case "errnoRet" when !json.IsNull: read.ErrnoRet = json.Unsigned32(); break;
                case "args": read.Args = List(ref json, SyscallArgument); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecSyscallArgument? SyscallArgument(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecSyscallArgument();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "index" when !json.IsNull: read.Index = json.Unsigned32(); break;
                case "value" when !json.IsNull: read.Value = json.Unsigned(); break;
                case "valueTwo" when !json.IsNull: read.ValueTwo = json.Unsigned(); break;
                case "op": read.Op = json.Text(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecMemoryPolicy? MemoryPolicy(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecMemoryPolicy();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "mode": read.Mode = json.Text(); break;
                case "nodes": read.Nodes = json.Text(); break;
                case "flags": read.Flags = json.Texts(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecPersonality? Personality(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecPersonality();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "domain": read.Domain = json.Text(); break;
                case "flags": read.Flags = json.Texts(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }
}
