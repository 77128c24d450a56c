using System.Text;
using System.Text.Json;
using Yun.DockerApi.Model;

namespace Yun.Commands.Api;

/// <summary>The part of a path behind the question mark; what is null, false or empty is left out.</summary>
public sealed class Query
{
    private readonly StringBuilder _text = new();

    public Query Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return this;
    }

    public Query Add(string name, bool value) => Add(name, value ? "1" : null);

    public Query Add(string name, long? value) => Add(name, value?.ToString());

    public Query AddEach(string name, IEnumerable<string> values)
    {
        foreach (var value in values) Add(name, value);
        return this;
    }

    /// <summary><c>filters={"name":{"value":true}}</c> from texts such as <c>name=value</c>.</summary>
    public Query AddFilters(IEnumerable<string> filters) => AddFilters(Filters.Parse(filters));

    public Query AddFilters(Dictionary<string, Dictionary<string, bool>> filters) =>
        Add("filters", filters.Count == 0 ? null : JsonSerializer.Serialize(filters, DockerApiJson.Default.DictionaryStringDictionaryStringBoolean));

    public override string ToString() => _text.ToString();
}
