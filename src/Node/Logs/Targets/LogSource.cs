namespace Yun.Node.Logs.Targets;

/// <summary>Whose records they are.</summary>
/// <param name="Tag">What the log's reader shall know the container by; its short id where nothing else was said.</param>
/// <param name="Attributes">The labels and variables that the log options ask for.</param>
internal sealed record LogSource(string Id, string Name, string Image, string Tag, IReadOnlyDictionary<string, string> Attributes);
