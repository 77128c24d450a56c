namespace Yun.Node.Builds.Dockerfiles;

/// <summary>A character of a Dockerfile. Both are counted from 1; 0 is the file as a whole.</summary>
public readonly record struct TextPlace(int Line, int Column);

/// <summary>A physical line's share of an instruction's text.</summary>
/// <param name="Offset">Where it begins in the joined text.</param>
/// <param name="Place">Where it begins in the file.</param>
public readonly record struct TextPart(int Offset, TextPlace Place);
