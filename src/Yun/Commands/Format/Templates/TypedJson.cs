using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.DockerApi.Model;

namespace Yun.Commands.Format.Templates;

/// <summary>
/// A JSON object or array seen through the API's types, so that a template finds what Go's would: <c>.ID</c> where the JSON says <c>Id</c>, and
/// an empty list or a nil where the daemon left a property out.
/// </summary>
public sealed class TypedJson : ITemplateObject
{
    private readonly JsonElement _element;
    private readonly JsonTypeInfo? _type;

    private TypedJson(JsonElement element, JsonTypeInfo? type) => (_element, _type) = (element, type);

    /// <summary>Whether Go has a struct here rather than a map.</summary>
    public bool IsStruct => _type is { Kind: JsonTypeInfoKind.Object };

    /// <summary>Scalars become themselves; objects and arrays stay JSON.</summary>
    public static object? Of(JsonElement element, JsonTypeInfo? type = null) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.TryGetInt64(out var integer) ? integer : element.GetDouble(),
        JsonValueKind.Array => (element.EnumerateArray().Select(item => Of(item, TypeOf(type?.ElementType))).ToList()),
        JsonValueKind.Object => new TypedJson(element, type),
        _ => Absent(type?.Type),
    };

    public bool TryGet(string field, out object? value)
    {
        var property = _type is null ? null : FindProperty(field);
        var name = property?.Name ?? field;
        if (_element.TryGetProperty(name, out var element)) value = Of(element, property is null ? ElementType : TypeOf(property.PropertyType));
        else if (property is not null) value = Absent(property.PropertyType);
        else
        {
            value = null;
            return false;
        }
        return true;
    }

    /// <summary>The pairs of a map in the order of their keys, of a struct in their own.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Entries
    {
        get
        {
            var entries = _element.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, Of(p.Value, IsStruct ? TypeOf(FindProperty(p.Name)?.PropertyType) : ElementType)));
            return IsStruct ? entries : entries.OrderBy(e => e.Key, StringComparer.Ordinal);
        }
    }

    public int Count => _element.EnumerateObject().Count();

    public void WriteJson(Utf8JsonWriter writer) => _element.WriteTo(writer);

    private JsonTypeInfo? ElementType => IsStruct ? null : TypeOf(_type?.ElementType);

    private JsonPropertyInfo? FindProperty(string field) =>
        _type!.Properties.FirstOrDefault(p => p.Name == field) ?? _type.Properties.FirstOrDefault(p => p.Name.Equals(field, StringComparison.OrdinalIgnoreCase));

    private static JsonTypeInfo? TypeOf(Type? type) => type is null ? null : DockerApiJson.Default.GetTypeInfo(type);

    private static object? Absent(Type? type)
    {
        if (type is null) return null;
        if (type == typeof(string)) return "";
        if (type == typeof(bool)) return false;
        if (type.IsPrimitive) return 0L;
        return TypeOf(type)?.Kind switch
        {
            JsonTypeInfoKind.Enumerable => new List<object?>(),
            JsonTypeInfoKind.Dictionary => new TypedJson(s_empty, TypeOf(type)),
            _ => null,
        };
    }

    private static readonly JsonElement s_empty = JsonDocument.Parse("{}").RootElement;
}
