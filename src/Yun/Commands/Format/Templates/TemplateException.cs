namespace Yun.Commands.Format.Templates;

/// <summary>The template cannot be read, or does not fit what it is applied to.</summary>
public sealed class TemplateException(string message) : Exception(message);
