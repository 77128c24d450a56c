using System.Text;

namespace Yun.Commands.Format.Templates;

/// <summary>A Go template, as <c>--format</c> takes it.</summary>
public sealed class Template
{
    private readonly List<Node> _nodes;

    private Template(List<Node> nodes) => _nodes = nodes;

    /// <exception cref="TemplateException">It is no template.</exception>
    public static Template Parse(string source) => new(TemplateParser.Parse(source));

    /// <exception cref="TemplateException">The template asks for what <paramref name="data"/> does not have.</exception>
    public string Apply(object? data)
    {
        var output = new StringBuilder();
        new TemplateRun(output, data).Walk(_nodes, data);
        return output.ToString();
    }
}
