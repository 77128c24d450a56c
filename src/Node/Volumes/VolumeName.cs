using System.Security.Cryptography;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>What a volume may be called. The name is a directory's name too, so nothing in it may lead elsewhere.</summary>
public static class VolumeName
{
    // A directory entry has at most 255 bytes.
    private const int LengthMax = 255;

    /// <summary>64 random hex digits, as Docker names what nobody named.</summary>
    public static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <exception cref="EngineException">400 in Docker's words.</exception>
    public static string Checked(string name)
    {
        if (name.Length == 1) throw Wrong("volume name is too short, names should be at least two alphanumeric characters");
        if (name.Length is 0 or > LengthMax || !char.IsAsciiLetterOrDigit(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')))
            throw Wrong($"create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path");
        return name;
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}
