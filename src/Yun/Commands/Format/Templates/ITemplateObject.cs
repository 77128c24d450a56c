using System.Text.Json;

namespace Yun.Commands.Format.Templates;

/// <summary>Something whose fields a template can name.</summary>
public interface ITemplateObject
{
    bool TryGet(string field, out object? value);
    void WriteJson(Utf8JsonWriter writer);
}
