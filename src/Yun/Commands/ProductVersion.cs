using System.Reflection;

namespace Yun.Commands;

/// <summary>The version this program was built as.</summary>
public static class ProductVersion
{
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetName().Version is { } version ? version.ToString(3) : "unknown";
}
