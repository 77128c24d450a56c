using Yun.Oci;

namespace Yun.Runtime.Spec;

internal static partial class SpecReader
{
    public static SpecResources? Resources(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecResources();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "devices": read.Devices = List(ref json, DeviceRule); break;
                case "memory": read.Memory = Memory(ref json); break;
                case "cpu": read.Cpu = Cpu(ref json); break;
                case "pids": read.Pids = Pids(ref json); break;
                case "blockIO": read.BlockIO = BlockIo(ref json); break;
                case "hugepageLimits": read.HugepageLimits = List(ref json, HugepageLimit); break;
                case "network": read.Network = Network(ref json); break;
                case "rdma": read.Rdma = Map(ref json, Rdma); break;
                case "unified": read.Unified = json.TextMap(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecDeviceRule? DeviceRule(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecDeviceRule();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "allow" when !json.IsNull: read.Allow = json.Boolean(); break;
                case "type": read.Type = json.Text(); break;
                case "major" when !json.IsNull: read.Major = json.Integer(); break;
                case "minor" when !json.IsNull: read.Minor = json.Integer(); break;
                case "access": read.Access = json.Text(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecRdma? Rdma(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecRdma();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "hcaHandles" when !json.IsNull: read.HcaHandles = json.Unsigned32(); break;
                case "hcaObjects" when !json.IsNull: read.HcaObjects = json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecMemory? Memory(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecMemory();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "limit" when !json.IsNull: read.Limit = json.Integer(); break;
                case "reservation" when !json.IsNull: read.Reservation = json.Integer(); break;
                case "swap" when !json.IsNull: read.Swap = json.Integer(); break;
                case "kernel" when !json.IsNull: read.Kernel = json.Integer(); break;
                case "kernelTCP" when !json.IsNull: read.KernelTcp = json.Integer(); break;
                case "swappiness" when !json.IsNull: read.Swappiness = json.Unsigned(); break;
                case "disableOOMKiller" when !json.IsNull: read.DisableOomKiller = json.Boolean(); break;
                case "useHierarchy" when !json.IsNull: read.UseHierarchy = json.Boolean(); break;
                case "checkBeforeUpdate" when !json.IsNull: read.CheckBeforeUpdate = json.Boolean(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecCpu? Cpu(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecCpu();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "shares" when !json.IsNull: read.Shares = json.Unsigned(); break;
                case "quota" when !json.IsNull: read.Quota = json.Integer(); break;
                case "burst" when !json.IsNull: read.Burst = json.Unsigned(); break;
                case "period" when !json.IsNull: read.Period = json.Unsigned(); break;
                case "realtimeRuntime" when !json.IsNull: read.RealtimeRuntime = json.Integer(); break;
                case "realtimePeriod" when !json.IsNull: read.RealtimePeriod = json.Unsigned(); break;
                case "cpus": read.Cpus = json.Text(); break;
                case "mems": read.Mems = json.Text(); break;
                case "idle" when !json.IsNull: read.Idle = json.Integer(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecPids? Pids(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecPids();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "limit" when !json.IsNull: read.Limit = json.Integer(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecBlockIo? BlockIo(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecBlockIo();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "weight" when !json.IsNull: read.Weight = (ushort)json.Unsigned32(); break;
                case "leafWeight" when !json.IsNull: read.LeafWeight = (ushort)json.Unsigned32(); break;
                case "weightDevice": read.WeightDevice = List(ref json, WeightDevice); break;
                case "throttleReadBpsDevice": read.ThrottleReadBpsDevice = List(ref json, ThrottleDevice); break;
                case "throttleWriteBpsDevice": read.ThrottleWriteBpsDevice = List(ref json, ThrottleDevice); break;
                case "throttleReadIOPSDevice": read.ThrottleReadIopsDevice = List(ref json, ThrottleDevice); break;
                case "throttleWriteIOPSDevice": read.ThrottleWriteIopsDevice = List(ref json, ThrottleDevice); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecWeightDevice? WeightDevice(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecWeightDevice();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "major" when !json.IsNull: read.Major = json.Integer(); break;
                case "minor" when !json.IsNull: read.Minor = json.Integer(); break;
                case "weight" when !json.IsNull: read.Weight = (ushort)json.Unsigned32(); break;
                case "leafWeight" when !json.IsNull: read.LeafWeight = (ushort)json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecThrottleDevice? ThrottleDevice(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecThrottleDevice();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "major" when !json.IsNull: read.Major = json.Integer(); break;
                case "minor" when !json.IsNull: read.Minor = json.Integer(); break;
                case "rate" when !json.IsNull: read.Rate = json.Unsigned(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecHugepageLimit? HugepageLimit(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecHugepageLimit();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "pageSize" or "pagesize": read.PageSize = json.Text(); break;
                case "limit" when !json.IsNull: read.Limit = json.Unsigned(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecNetwork? Network(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecNetwork();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "classID" when !json.IsNull: read.ClassId = json.Unsigned32(); break;
                case "priorities": read.Priorities = List(ref json, InterfacePriority); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecInterfacePriority? InterfacePriority(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecInterfacePriority();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "name": read.Name = json.Text(); break;
                case "priority" when !json.IsNull: read.Priority = json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }
}
