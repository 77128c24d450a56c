namespace Yun.Node.Logs;

/// <summary>One record of a container's log.</summary>
/// <param name="IsError">It went to standard error.</param>
/// <param name="Text">What was written, mostly a line with its end; valid until the reader is asked for the next.</param>
/// <param name="Attributes">The labels and variables that the log options ask for; null when there are none.</param>
public readonly record struct LogEntry(bool IsError, LogTime Time, ReadOnlyMemory<byte> Text, IReadOnlyDictionary<string, string>? Attributes);

/// <summary>Which records are wanted.</summary>
/// <param name="Tail">The last so many records, counted before the other conditions apply, as Docker does; null is all.</param>
/// <param name="Follow">Goes on with what comes, until the container has stopped.</param>
public sealed record LogQuery(bool Stdout = true, bool Stderr = true, LogTime? Since = null, LogTime? Until = null, int? Tail = null, bool Follow = false, bool Attributes = false);
