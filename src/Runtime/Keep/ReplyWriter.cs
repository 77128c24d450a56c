using System.Buffers;
using System.Text.Json;
using Yun.Protocol;

namespace Yun.Runtime.Keep;

/// <summary>Writes what <see cref="KeeperJson"/> reads, without the serializer, which the runtime is too small for.</summary>
internal static class ReplyWriter
{
    public static ReadOnlySpan<byte> Write(KeeperReply reply)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes))
        {
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
        }
        return bytes.WrittenSpan;
    }

    public static ReadOnlySpan<byte> Write(KeeperExit exit)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes)) Write(json, exit, null);
        return bytes.WrittenSpan;
    }

    private static void Write(Utf8JsonWriter json, KeeperError error)
    {
        json.WriteStartObject("Error");
        json.WriteNumber("Kind", (int)error.Kind);
        json.WriteString("Message", error.Message);
        if (error.Step is not null) json.WriteString("Step", error.Step);
        json.WriteNumber("Errno", error.Errno);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KeeperHello hello)
    {
        json.WriteStartObject("Hello");
        json.WriteNumber("Version", hello.Version);
        json.WriteNumber("Pid", hello.Pid);
        json.WriteString("Program", hello.Program);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KeeperProcess process)
    {
        json.WriteStartObject();
        json.WriteString("ProcessId", process.ProcessId);
        json.WriteString("ContainerId", process.ContainerId);
        json.WriteBoolean("Exec", process.Exec);
        json.WriteNumber("Pid", process.Pid);
        json.WriteString("StartedAt", process.StartedAt);
        json.WriteBoolean("Terminal", process.Terminal);
        json.WriteNumber("Descriptors", process.Descriptors);
        if (process.Exit is { } exit) Write(json, exit, "Exit");
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KeeperExit exit, string? name)
    {
        if (name is null) json.WriteStartObject();
        else json.WriteStartObject(name);
        json.WriteString("ProcessId", exit.ProcessId);
        json.WriteString("ContainerId", exit.ContainerId);
        json.WriteNumber("Pid", exit.Pid);
        json.WriteNumber("ExitCode", exit.ExitCode);
        json.WriteBoolean("OomKilled", exit.OomKilled);
        json.WriteString("At", exit.At);
        json.WriteEndObject();
    }
}
