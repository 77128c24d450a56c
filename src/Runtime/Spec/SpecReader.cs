using Yun.Oci;

namespace Yun.Runtime.Spec;

/// <summary>config.json, field by field (runtime-spec, config.md and config-linux.md). What it does not know it passes over, as the specification asks.</summary>
internal static partial class SpecReader
{
    private delegate T? ReadOne<T>(ref JsonCursor json);

    /// <exception cref="Compile.SpecException">The JSON is broken, or a value is of the wrong kind.</exception>
    public static RuntimeSpec Read(ReadOnlySpan<byte> json)
    {
        var cursor = new JsonCursor(json);
        return Read(ref cursor) ?? throw new Compile.SpecException("config.json", "is null");
    }

    private static List<T>? List<T>(ref JsonCursor json, ReadOne<T> one) where T : class
    {
        if (!json.BeginList()) return null;
        var list = new List<T>();
        while (json.NextItem()) list.Add(one(ref json) ?? throw new Compile.SpecException(json.Field, "is null"));
        return list;
    }

    private static Dictionary<string, T>? Map<T>(ref JsonCursor json, ReadOne<T> one)
    {
        if (!json.BeginObject()) return null;
        var map = new Dictionary<string, T>();
        while (json.NextProperty(out var name))
        {
            map[name] = one(ref json) ?? throw new Compile.SpecException(json.Field, "is null");
            json.EndProperty();
        }
        return map;
    }

    private static List<uint>? Numbers(ref JsonCursor json)
    {
        if (!json.BeginList()) return null;
        var numbers = new List<uint>();
        while (json.NextItem()) numbers.Add(json.Unsigned32());
        return numbers;
    }

    public static RuntimeSpec? Read(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new RuntimeSpec();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "ociVersion": read.OciVersion = json.Text(); break;
                case "root": read.Root = Root(ref json); break;
                case "hostname": read.Hostname = json.Text(); break;
                case "domainname": read.Domainname = json.Text(); break;
                case "process": read.Process = Process(ref json); break;
                case "mounts": read.Mounts = List(ref json, Mount); break;
                case "hooks": read.Hooks = Hooks(ref json); break;
                case "linux": read.Linux = Linux(ref json); break;
                case "annotations": read.Annotations = json.TextMap(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecRoot? Root(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecRoot();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "path": read.Path = json.Text(); break;
                case "readonly" when !json.IsNull: read.Readonly = json.Boolean(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecMount? Mount(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecMount();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "destination": read.Destination = json.Text(); break;
                case "type": read.Type = json.Text(); break;
                case "source": read.Source = json.Text(); break;
                case "options": read.Options = json.Texts(); break;
                case "uidMappings": read.UidMappings = List(ref json, IdMapping); break;
                case "gidMappings": read.GidMappings = List(ref json, IdMapping); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecHooks? Hooks(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecHooks();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "prestart": read.Prestart = List(ref json, Hook); break;
                case "createRuntime": read.CreateRuntime = List(ref json, Hook); break;
                case "createContainer": read.CreateContainer = List(ref json, Hook); break;
                case "startContainer": read.StartContainer = List(ref json, Hook); break;
                case "poststart": read.Poststart = List(ref json, Hook); break;
                case "poststop": read.Poststop = List(ref json, Hook); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static SpecHook? Hook(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new SpecHook();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "path": read.Path = json.Text(); break;
                case "args": read.Args = json.Texts(); break;
                case "env": read.Env = json.Texts(); break;
                case "timeout" when !json.IsNull: read.Timeout = json.Integer32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }
}
