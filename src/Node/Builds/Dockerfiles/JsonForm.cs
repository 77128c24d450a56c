using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>The exec form, <c>["a", "b"]</c>. What is not valid JSON is not an error: it is the shell form.</summary>
internal static class JsonForm
{
    public static bool IsArray(string text)
    {
        try
        {
            return TryParse(text, default, out _);
        }
        catch (DockerfileException)
        {
            return false;
        }
    }

    /// <exception cref="DockerfileException">It is a JSON array, but not of strings only.</exception>
    public static bool TryParse(string text, TextPlace place, [NotNullWhen(true)] out List<string>? arguments)
    {
        arguments = null;
        if (!text.AsSpan().TrimStart().StartsWith("[")) return false;
        try
        {
            using var document = JsonDocument.Parse(text);
            arguments = [];
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.String)
                    throw new DockerfileException(place, "when using JSON array syntax, arrays must be comprised of strings only");
                arguments.Add(item.GetString()!);
            }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            arguments = null;
            return false;
        }
    }
}
