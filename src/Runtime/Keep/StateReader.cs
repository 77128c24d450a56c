using Microsoft.Win32.SafeHandles;
using Yun.Protocol;
using Yun.Runtime.Compile;
using Yun.Runtime.Keep.Logs;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Keep;

/// <summary>Reads what the former version's <see cref="StateWriter"/> has written. The descriptors become the state's.</summary>
internal static class StateReader
{
    /// <exception cref="SpecException">It is not a state, or one in another version's form.</exception>
    public static KeepState Read(ReadOnlySpan<byte> bytes)
    {
        var json = new JsonCursor(bytes);
        var state = new KeepState();
        if (!json.BeginObject()) throw new SpecException("state", "is null");
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Version" when json.Integer32() != KeeperProtocol.StateVersion: throw new SpecException("state", "has another version's form");
                case "Lock": state.Lock = Descriptor(ref json); break;
                case "Listener": state.Listener = Descriptor(ref json); break;
                case "Processes" when json.BeginList():
                    while (json.NextItem()) state.Processes.Add(Process(ref json));
                    break;
                case "Clients" when json.BeginList():
                    while (json.NextItem()) state.Clients.Add(Client(ref json));
                    break;
                case "Held" when json.BeginList():
                    while (json.NextItem()) Held(ref json, state.Held);
                    break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return state;
    }

    private static ProcessState Process(ref JsonCursor json)
    {
        var read = new ProcessState();
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Start": read.Start = RequestReader.Start(ref json) ?? read.Start; break;
                case "Pid": read.Pid = json.Integer32(); break;
                case "StartedAt": read.StartedAt = Time(ref json); break;
                case "CgroupPath": read.CgroupPath = json.Text(); break;
                case "Exit": read.Exit = Exit(ref json); break;
                case "PidFd": read.PidFd = Descriptor(ref json); break;
                case "Terminal": read.Terminal = Descriptor(ref json); break;
                case "TerminalSlave": read.TerminalSlave = Descriptor(ref json); break;
                case "Stdin": read.Stdin = Descriptor(ref json); break;
                case "StdinWaiting": read.StdinWaiting = Convert.FromBase64String(json.Text()); break;
                case "StdinEnds": read.StdinEnds = json.Boolean(); break;
                case "Outputs" when json.BeginList():
                    while (json.NextItem()) read.Outputs.Add(Output(ref json));
                    break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        foreach (var output in read.Outputs)
            if (output.Kind == OutputKind.Terminal) output.Handle = read.Terminal;
        if (read.Exit is { } exit) (exit.ProcessId, exit.ContainerId, exit.Pid) = (read.Start.ProcessId, read.Start.ContainerId, read.Pid);
        return read;
    }

    private static KeeperExit Exit(ref JsonCursor json)
    {
        var read = new KeeperExit();
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "ExitCode": read.ExitCode = json.Integer32(); break;
                case "OomKilled": read.OomKilled = json.Boolean(); break;
                case "At": read.At = Time(ref json); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static OutputState Output(ref JsonCursor json)
    {
        var read = new OutputState();
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Kind": read.Kind = (OutputKind)json.Integer32(); break;
                case "Handle": read.Handle = Descriptor(ref json); break;
                case "IsAbandoned": read.IsAbandoned = json.Boolean(); break;
                case "Unfinished": read.Unfinished = Unfinished(ref json); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static UnfinishedLine Unfinished(ref JsonCursor json)
    {
        var (rest, inParts, time) = (Array.Empty<byte>(), false, "");
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Rest": rest = Convert.FromBase64String(json.Text()); break;
                case "IsInParts": inParts = json.Boolean(); break;
                case "PartsTime": time = json.Text(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return new UnfinishedLine(rest, inParts, time);
    }

    private static ClientState Client(ref JsonCursor json)
    {
        var read = new ClientState();
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Wanted": read.Wanted = RequestReader.Attach(ref json) ?? read.Wanted; break;
                case "Socket": read.Socket = Descriptor(ref json); break;
                case "Waiting": read.Waiting = Convert.FromBase64String(json.Text()); break;
                case "InputEnded": read.InputEnded = json.Boolean(); break;
                case "OutputLost": read.OutputLost = json.Boolean(); break;
                case "Finishing": read.Finishing = json.Boolean(); break;
                case "HungUp": read.HungUp = json.Boolean(); break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        return read;
    }

    private static void Held(ref JsonCursor json, Dictionary<string, List<SafeFileHandle>> held)
    {
        var key = "";
        var descriptors = new List<SafeFileHandle>();
        json.BeginObject();
        while (json.NextProperty(out var name))
        {
            switch (name)
            {
                case "Name": key = json.Text(); break;
                case "Descriptors" when json.BeginList():
                    while (json.NextItem()) descriptors.Add(Descriptor(ref json));
                    break;
                default: json.Skip(); break;
            }
            json.EndProperty();
        }
        held[key] = descriptors;
    }

    private static SafeFileHandle Descriptor(ref JsonCursor json) => new(json.Integer32(), ownsHandle: true);

    private static DateTime Time(ref JsonCursor json) => new(json.Integer(), DateTimeKind.Utc);
}
