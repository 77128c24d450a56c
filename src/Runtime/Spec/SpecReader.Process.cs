using Yun.Oci;

namespace Yun.Runtime.Spec;

internal static partial class SpecReader
{
    public static SpecProcess? Process(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecProcess();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "terminal" when !json.IsNull: read.Terminal = json.Boolean(); break;
                case "consoleSize": read.ConsoleSize = Box(ref json); break;
                case "cwd": read.Cwd = json.Text(); break;
                case "env": read.Env = json.Texts(); break;
                case "args": read.Args = json.Texts(); break;
                case "rlimits": read.Rlimits = List(ref json, Rlimit); break;
                case "apparmorProfile": read.ApparmorProfile = json.Text(); break;
                case "capabilities": read.Capabilities = Capabilities(ref json); break;
                case "noNewPrivileges" when !json.IsNull: read.NoNewPrivileges = json.Boolean(); break;
                case "oomScoreAdj" when !json.IsNull: read.OomScoreAdj = json.Integer32(); break;
                case "scheduler": read.Scheduler = Scheduler(ref json); break;
                case "selinuxLabel": read.SelinuxLabel = json.Text(); break;
                case "ioPriority": read.IoPriority = IoPriority(ref json); break;
                case "execCPUAffinity": read.ExecCpuAffinity = CpuAffinity(ref json); break;
                case "user": read.User = User(ref json) ?? new SpecUser(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecBox? Box(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecBox();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "height" when !json.IsNull: read.Height = (ushort)json.Unsigned32(); break;
                case "width" when !json.IsNull: read.Width = (ushort)json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecUser? User(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecUser();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "uid" when !json.IsNull: read.Uid = json.Unsigned32(); break;
                case "gid" when !json.IsNull: read.Gid = json.Unsigned32(); break;
                case "umask" when !json.IsNull: read.Umask = json.Unsigned32(); break;
                case "additionalGids": read.AdditionalGids = Numbers(ref json); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecRlimit? Rlimit(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecRlimit();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "type": read.Type = json.Text(); break;
                case "soft" when !json.IsNull: read.Soft = json.Unsigned(); break;
                case "hard" when !json.IsNull: read.Hard = json.Unsigned(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecCapabilities? Capabilities(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecCapabilities();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "bounding": read.Bounding = json.Texts(); break;
                case "effective": read.Effective = json.Texts(); break;
                case "inheritable": read.Inheritable = json.Texts(); break;
                case "permitted": read.Permitted = json.Texts(); break;
                case "ambient": read.Ambient = json.Texts(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecScheduler? Scheduler(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecScheduler();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "policy": read.Policy = json.Text(); break;
                case "nice" when !json.IsNull: read.Nice = json.Integer32(); break;
                case "priority" when !json.IsNull: read.Priority = json.Integer32(); break;
                case "flags": read.Flags = json.Texts(); break;
                case "runtime" when !json.IsNull: read.Runtime = json.Unsigned(); break;
                case "deadline" when !json.IsNull: read.Deadline = json.Unsigned(); break;
                case "period" when !json.IsNull: read.Period = json.Unsigned(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecIoPriority? IoPriority(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecIoPriority();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "class": read.Class = json.Text(); break;
                case "priority" when !json.IsNull: read.Priority = json.Integer32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecCpuAffinity? CpuAffinity(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecCpuAffinity();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "initial": read.Initial = json.Text(); break;
                case "final": read.Final = json.Text(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }
}
