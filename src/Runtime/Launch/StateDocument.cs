using Yun.Runtime.Spec;

namespace Yun.Runtime;

/// <summary>A container's state in the specification's words (runtime.md, "State"): what <c>state</c> prints, hooks read on their standard input, and a seccomp listener is sent.</summary>
internal static class StateDocument
{
    /// <summary>The specification's version that this runtime writes by.</summary>
    public const string OciVersion = "1.3.0";

    /// <summary>Writes the properties of the state into the object that is open.</summary>
    /// <param name="status">creating, created, running, paused or stopped; a stopped container has no pid.</param>
    public static void WriteProperties(JsonWriter json, string id, string status, int pid, string bundle, IReadOnlyDictionary<string, string>? annotations)
    {
        json.WriteString("ociVersion", OciVersion);
        json.WriteString("id", id);
        json.WriteNumber("pid", status == "stopped" ? 0 : pid);
        json.WriteString("status", status);
        json.WriteString("bundle", bundle);
        if (annotations is not { Count: > 0 }) return;
        json.WriteStartObject("annotations");
        foreach (var (name, value) in annotations) json.WriteString(name, value);
        json.WriteEndObject();
    }

    public static byte[] Make(string id, string status, int pid, string bundle, IReadOnlyDictionary<string, string>? annotations)
    {
        var json = new JsonWriter();
        json.WriteStartObject();
        WriteProperties(json, id, status, pid, bundle, annotations);
        json.WriteEndObject();
        return json.Bytes;
    }
}
