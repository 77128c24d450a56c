using System.Buffers;
using System.Text.Json;

namespace Yun.Node.Logs;

/// <summary>Reads lines of Docker's json-file format: <c>{"log":"text\n","stream":"stdout","attrs":{…},"time":"…"}</c>.</summary>
internal sealed class LogRecord
{
    private byte[] _text = new byte[4096];

    /// <summary>False for a line that is none, as a power cut may leave one.</summary>
    /// <param name="entry">Its text lies in a buffer that the next call uses again.</param>
    public bool TryParse(ReadOnlySpan<byte> line, bool attributes, out LogEntry entry)
    {
        entry = default;
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return false;
            var (length, isError, time, hasTime) = (0, false, default(LogTime), false);
            Dictionary<string, string>? pairs = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("log"u8)) length = ReadText(ref json);
                else if (json.ValueTextEquals("stream"u8)) isError = json.Read() && json.ValueTextEquals("stderr"u8);
                else if (json.ValueTextEquals("time"u8)) hasTime = json.Read() && json.TokenType == JsonTokenType.String && LogTime.TryParse(json.ValueSpan, out time);
                else if (attributes && json.ValueTextEquals("attrs"u8)) pairs = ReadPairs(ref json);
                else json.Skip();
            }
            if (!hasTime || json.TokenType != JsonTokenType.EndObject) return false;
            entry = new LogEntry(isError, time, _text.AsMemory(0, length), pairs);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private int ReadText(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.String) return 0;
        if (_text.Length < json.ValueSpan.Length) _text = new byte[Math.Max(json.ValueSpan.Length, _text.Length * 2)];
        return json.CopyString(_text);
    }

    private static Dictionary<string, string>? ReadPairs(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return null;
        var pairs = new Dictionary<string, string>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (json.TokenType == JsonTokenType.String) pairs[name] = json.GetString()!;
            else json.Skip();
        }
        return pairs;
    }
}
