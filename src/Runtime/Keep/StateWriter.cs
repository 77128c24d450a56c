using Microsoft.Win32.SafeHandles;
using Yun.Protocol;
using Yun.Runtime.Keep.Logs;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Keep;

/// <summary>Writes what <see cref="StateReader"/> of the next version reads: descriptors by their numbers, bytes in base64.</summary>
internal static class StateWriter
{
    public static byte[] Write(KeepState state)
    {
        var json = new JsonWriter();
        json.WriteStartObject();
        json.WriteNumber("Version", KeeperProtocol.StateVersion);
        Write(json, "Lock", state.Lock);
        Write(json, "Listener", state.Listener);
        json.WriteStartArray("Processes");
        foreach (var process in state.Processes) Write(json, process);
        json.WriteEndArray();
        json.WriteStartArray("Clients");
        foreach (var client in state.Clients) Write(json, client);
        json.WriteEndArray();
        json.WriteStartArray("Held");
        foreach (var (name, descriptors) in state.Held)
        {
            json.WriteStartObject();
            json.WriteString("Name", name);
            json.WriteStartArray("Descriptors");
            foreach (var descriptor in descriptors) json.WriteNumberValue((ulong)descriptor.DangerousGetHandle());
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return json.Bytes;
    }

    private static void Write(JsonWriter json, ProcessState process)
    {
        json.WriteStartObject();
        Write(json, process.Start);
        json.WriteNumber("Pid", process.Pid);
        json.WriteNumber("StartedAt", process.StartedAt.Ticks);
        if (process.CgroupPath is not null) json.WriteString("CgroupPath", process.CgroupPath);
        if (process.Exit is { } exit)
        {
            json.WriteStartObject("Exit");
            json.WriteNumber("ExitCode", exit.ExitCode);
            json.WriteBoolean("OomKilled", exit.OomKilled);
            json.WriteNumber("At", exit.At.Ticks);
            json.WriteEndObject();
        }
        Write(json, "PidFd", process.PidFd);
        Write(json, "Terminal", process.Terminal);
        Write(json, "TerminalSlave", process.TerminalSlave);
        Write(json, "Stdin", process.Stdin);
        if (process.StdinWaiting.Length > 0) json.WriteString("StdinWaiting", Convert.ToBase64String(process.StdinWaiting));
        if (process.StdinEnds) json.WriteBoolean("StdinEnds", true);
        json.WriteStartArray("Outputs");
        foreach (var output in process.Outputs)
        {
            json.WriteStartObject();
            json.WriteNumber("Kind", (int)output.Kind);
            // A terminal's output is the terminal itself.
            Write(json, "Handle", output.Kind == OutputKind.Terminal ? null : output.Handle);
            if (output.IsAbandoned) json.WriteBoolean("IsAbandoned", true);
            if (output.Unfinished is { } unfinished) Write(json, unfinished);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(JsonWriter json, UnfinishedLine unfinished)
    {
        json.WriteStartObject("Unfinished");
        json.WriteString("Rest", Convert.ToBase64String(unfinished.Rest));
        json.WriteBoolean("IsInParts", unfinished.IsInParts);
        json.WriteString("PartsTime", unfinished.PartsTime);
        json.WriteEndObject();
    }

    // In the words of the request, whose reader reads it again.
    private static void Write(JsonWriter json, KeeperStart start)
    {
        json.WriteStartObject("Start");
        json.WriteString("ProcessId", start.ProcessId);
        json.WriteString("ContainerId", start.ContainerId);
        json.WriteBoolean("Exec", start.Exec);
        if (start.ExitPath is not null) json.WriteString("ExitPath", start.ExitPath);
        json.WriteBoolean("OpenStdin", start.OpenStdin);
        json.WriteBoolean("StdinOnce", start.StdinOnce);
        if (start.Log is { } log)
        {
            json.WriteStartObject("Log");
            json.WriteString("Path", log.Path);
            json.WriteNumber("FileBytesMax", log.FileBytesMax);
            json.WriteNumber("FilesMax", log.FilesMax);
            json.WriteBoolean("NonBlocking", log.NonBlocking);
            json.WriteNumber("BufferBytesMax", log.BufferBytesMax);
            if (log.Attributes is { } attributes)
            {
                json.WriteStartObject("Attributes");
                foreach (var (name, value) in attributes) json.WriteString(name, value);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Write(JsonWriter json, ClientState client)
    {
        json.WriteStartObject();
        json.WriteStartObject("Wanted");
        json.WriteString("ProcessId", client.Wanted.ProcessId);
        json.WriteBoolean("Stdin", client.Wanted.Stdin);
        json.WriteBoolean("Stdout", client.Wanted.Stdout);
        json.WriteBoolean("Stderr", client.Wanted.Stderr);
        json.WriteEndObject();
        Write(json, "Socket", client.Socket);
        if (client.Waiting.Length > 0) json.WriteString("Waiting", Convert.ToBase64String(client.Waiting));
        json.WriteBoolean("InputEnded", client.InputEnded);
        json.WriteBoolean("OutputLost", client.OutputLost);
        json.WriteBoolean("Finishing", client.Finishing);
        json.WriteBoolean("HungUp", client.HungUp);
        json.WriteEndObject();
    }

    private static void Write(JsonWriter json, string name, SafeFileHandle? descriptor)
    {
        if (descriptor is { IsClosed: false }) json.WriteNumber(name, (long)descriptor.DangerousGetHandle());
    }
}
