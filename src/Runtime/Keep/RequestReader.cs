using Yun.Protocol;
using Yun.Runtime.Compile;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Keep;

/// <summary>Reads requests as <see cref="KeeperJson"/> writes them, without the serializer, which the runtime is too small for.</summary>
internal static class RequestReader
{
    /// <exception cref="SpecException">The JSON is broken, or a value is of the wrong kind.</exception>
    public static KeeperRequest Read(ReadOnlySpan<byte> bytes)
    {
        var json = new JsonCursor(bytes);
        var request = new KeeperRequest();
        if (!json.BeginObject()) throw new SpecException("request", "is null");
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Id": request.Id = json.Integer(); break;
                case "Hello": request.Hello = Hello(ref json); break;
                case "Start": request.Start = Start(ref json); break;
                case "Attach": request.Attach = Attach(ref json); break;
                case "Resize": request.Resize = Resize(ref json); break;
                case "Signal": request.Signal = Signal(ref json); break;
                case "ClearLog" when Text(ref json, "ProcessId") is { } id: request.ClearLog = new() { ProcessId = id }; break;
                case "Forget" when Text(ref json, "ProcessId") is { } id: request.Forget = new() { ProcessId = id }; break;
                case "List": request.List = Empty(ref json) ? new() : null; break;
                case "Hold": request.Hold = Hold(ref json); break;
                case "Held" when Text(ref json, "Name") is { } held: request.Held = new() { Name = held }; break;
                case "Release" when Text(ref json, "Name") is { } released: request.Release = new() { Name = released }; break;
                case "Upgrade": request.Upgrade = Upgrade(ref json); break;
                case "Namespaces": request.Namespaces = Namespaces(ref json); break;
                case "Stop": request.Stop = Empty(ref json) ? new() : null; break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return request;
    }

    private static KeeperHello? Hello(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperHello();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Version": read.Version = json.Integer32(); break;
                case "Pid": read.Pid = json.Integer32(); break;
                case "Program": read.Program = json.Text(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    public static KeeperStart? Start(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperStart();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "ProcessId": read.ProcessId = json.Text(); break;
                case "ContainerId": read.ContainerId = json.Text(); break;
                case "Exec": read.Exec = json.Boolean(); break;
                case "Log": read.Log = Log(ref json); break;
                case "ExitPath" when !json.IsNull: read.ExitPath = json.Text(); break;
                case "OpenStdin": read.OpenStdin = json.Boolean(); break;
                case "StdinOnce": read.StdinOnce = json.Boolean(); break;
                case "MountDestinations": read.MountDestinations = json.Texts() ?? []; break;
                case "NetworkNamespace": read.NetworkNamespace = json.Boolean(); break;
                case "UserNamespace": read.UserNamespace = json.Boolean(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static KeeperLog? Log(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperLog();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Path": read.Path = json.Text(); break;
                case "FileBytesMax": read.FileBytesMax = json.Integer(); break;
                case "FilesMax": read.FilesMax = json.Integer32(); break;
                case "NonBlocking": read.NonBlocking = json.Boolean(); break;
                case "BufferBytesMax": read.BufferBytesMax = json.Integer(); break;
                case "Attributes": read.Attributes = json.TextMap(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    public static KeeperAttach? Attach(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperAttach();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "ProcessId": read.ProcessId = json.Text(); break;
                case "Stdin": read.Stdin = json.Boolean(); break;
                case "Stdout": read.Stdout = json.Boolean(); break;
                case "Stderr": read.Stderr = json.Boolean(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static KeeperResize? Resize(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperResize();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "ProcessId": read.ProcessId = json.Text(); break;
                case "Rows": read.Rows = (ushort)json.Unsigned32(); break;
                case "Columns": read.Columns = (ushort)json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static KeeperSignal? Signal(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperSignal();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "ProcessId": read.ProcessId = json.Text(); break;
                case "Signal": read.Signal = json.Integer32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static KeeperHold? Hold(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperHold();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Name": read.Name = json.Text(); break;
                case "Count": read.Count = json.Integer32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static KeeperUpgrade? Upgrade(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperUpgrade();
        while (json.NextProperty(out var name))
        {
            if (name == "StateVersion") read.StateVersion = json.Integer32();
            else json.Skip();
            json.EndProperty();
        }
        return read;
    }

    private static KeeperNamespaces? Namespaces(ref JsonCursor json)
    {
        if (!json.BeginObject()) return null;
        var read = new KeeperNamespaces();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Users": read.Users = IdRanges(ref json); break;
                case "Groups": read.Groups = IdRanges(ref json); break;
                case "Network": read.Network = json.Boolean(); break;
                case "Inside": read.Inside = json.Boolean(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static List<KeeperIds> IdRanges(ref JsonCursor json)
    {
        var read = new List<KeeperIds>();
        if (!json.BeginList()) return read;
        while (json.NextItem()) read.Add(IdRange(ref json));
        return read;
    }

    private static KeeperIds IdRange(ref JsonCursor json)
    {
        var read = new KeeperIds();
        if (!json.BeginObject()) return read;
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Inside": read.Inside = json.Unsigned32(); break;
                case "Outside": read.Outside = json.Unsigned32(); break;
                case "Count": read.Count = json.Unsigned32(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    // Of an object that has one property, its text; null of a null.
    private static string? Text(ref JsonCursor json, string property)
    {
        if (!json.BeginObject()) return null;
        var text = "";
        while (json.NextProperty(out var name))
        {
            if (name == property) text = json.Text();
            else json.Skip();
            json.EndProperty();
        }
        return text;
    }

    private static bool Empty(ref JsonCursor json)
    {
        var there = !json.IsNull;
        json.Skip();
        return there;
    }
}
