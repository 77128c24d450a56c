using Yun.Protocol;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Keep;

/// <summary>Writes what <see cref="KeeperJson"/> reads, without the serializer, which the runtime is too small for.</summary>
internal static class ReplyWriter
{
    public static byte[] Write(KeeperReply reply)
    {
        var json = new JsonWriter();
        json.WriteStartObject();
        json.WriteNumber("Id", reply.Id);
        if (reply.Error is { } error) Write(json, error);
        if (reply.Hello is { } hello) Write(json, hello);
        if (reply.Processes is { } processes)
        {
            json.WriteStartArray("Processes");
            foreach (var process in processes) Write(json, process);
            json.WriteEndArray();
        }
        if (reply.More) json.WriteBoolean("More", true);
        if (reply.HeldCount is { } count) json.WriteNumber("HeldCount", count);
        if (reply.Exited is { } exit) Write(json, exit, "Exited");
        json.WriteEndObject();
        return json.Bytes;
    }

    public static byte[] Write(KeeperExit exit)
    {
        var json = new JsonWriter();
        Write(json, exit, null);
        return json.Bytes;
    }

    private static void Write(JsonWriter json, KeeperError error)
    {
        json.WriteStartObject("Error");
        json.WriteNumber("Kind", (int)error.Kind);
        json.WriteString("Message", error.Message);
        if (error.Step is not null) json.WriteString("Step", error.Step);
        json.WriteNumber("Errno", error.Errno);
        json.WriteEndObject();
    }

    private static void Write(JsonWriter json, KeeperHello hello)
    {
        json.WriteStartObject("Hello");
        json.WriteNumber("Version", hello.Version);
        json.WriteNumber("Pid", hello.Pid);
        json.WriteString("Program", hello.Program);
        json.WriteEndObject();
    }

    private static void Write(JsonWriter json, KeeperProcess process)
    {
        json.WriteStartObject();
        json.WriteString("ProcessId", process.ProcessId);
        json.WriteString("ContainerId", process.ContainerId);
        json.WriteBoolean("Exec", process.Exec);
        json.WriteNumber("Pid", process.Pid);
        json.WriteString("StartedAt", Timestamp.Of(process.StartedAt).ToString());
        json.WriteBoolean("Terminal", process.Terminal);
        json.WriteNumber("Descriptors", process.Descriptors);
        if (process.Exit is { } exit) Write(json, exit, "Exit");
        json.WriteEndObject();
    }

    private static void Write(JsonWriter json, KeeperExit exit, string? name)
    {
        json.WriteStartObject(name);
        json.WriteString("ProcessId", exit.ProcessId);
        json.WriteString("ContainerId", exit.ContainerId);
        json.WriteNumber("Pid", exit.Pid);
        json.WriteNumber("ExitCode", exit.ExitCode);
        json.WriteBoolean("OomKilled", exit.OomKilled);
        json.WriteString("At", Timestamp.Of(exit.At).ToString());
        json.WriteEndObject();
    }
}
