using System.Text.Json;

namespace Yun.Commands.Format.Templates;

/// <summary>One line of a table: its fields by name, computed when a template asks for them.</summary>
public sealed class Row : ITemplateObject
{
    private readonly Dictionary<string, Func<object?>> _fields = [];
    private readonly Dictionary<string, Func<string, object?>> _methods = [];

    public Row Add(string name, Func<object?> value)
    {
        _fields[name] = value;
        return this;
    }

    /// <summary>A field that takes an argument: <c>{{.Label "name"}}</c>.</summary>
    public Row AddMethod(string name, Func<string, object?> method)
    {
        _methods[name] = method;
        return this;
    }

    public bool TryGet(string field, out object? value)
    {
        value = _fields.TryGetValue(field, out var get) ? get() : _methods.GetValueOrDefault(field);
        return get is not null || value is not null;
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var (name, get) in _fields.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            GoText.WriteJson(writer, get());
        }
        writer.WriteEndObject();
    }
}
