using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Yun.Commands.Format.Templates;

/// <summary>Values as Go's <c>fmt</c> and <c>encoding/json</c> write them.</summary>
public static class GoText
{
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_indented = s_compact with { Indented = true, IndentSize = 4, NewLine = "\n" };

    /// <summary><c>%v</c>.</summary>
    public static string Of(object? value) => value switch
    {
        null => "<nil>",
        string text => text,
        bool truth => truth ? "true" : "false",
        double real => Real(real),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        List<object?> list => "[" + string.Join(' ', list.Select(Of)) + "]",
        TypedJson { IsStruct: true } json => "{" + string.Join(' ', json.Entries.Select(e => Of(e.Value))) + "}",
        TypedJson json => "map[" + string.Join(' ', json.Entries.Select(e => $"{e.Key}:{Of(e.Value)}")) + "]",
        _ => value.ToString() ?? "",
    };

    public static string Json(object? value, bool indented = false)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, indented ? s_indented : s_compact)) WriteJson(writer, value);
        var text = Encoding.UTF8.GetString(bytes.ToArray());
        // Go's encoder keeps JSON fit for HTML; Docker turns that off for what the API said, and not for its own lines.
        return value is not Row ? text : text.Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);
    }

    public static void WriteJson(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool truth: writer.WriteBooleanValue(truth); break;
            case long integer: writer.WriteNumberValue(integer); break;
            case int integer: writer.WriteNumberValue(integer); break;
            case double real: writer.WriteNumberValue(real); break;
            case ITemplateObject item: item.WriteJson(writer); break;
            case List<object?> list:
                writer.WriteStartArray();
                foreach (var item in list) WriteJson(writer, item);
                writer.WriteEndArray();
                break;
            default: writer.WriteStringValue(value.ToString()); break;
        }
    }

    private static string Real(double value)
    {
        if (value == Math.Floor(value) && Math.Abs(value) < 1e21) return value.ToString("F0", CultureInfo.InvariantCulture);
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.Replace("E-0", "e-0", StringComparison.Ordinal).Replace('E', 'e');
    }
}
