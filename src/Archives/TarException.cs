namespace Yun.Archives;

/// <summary>The archive is damaged or not a tar. Where it is used, the entry's name is put before the reason.</summary>
internal sealed class TarException(string reason) : Exception(reason);
