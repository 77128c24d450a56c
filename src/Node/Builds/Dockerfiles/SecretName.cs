namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Names that variables with secrets in them have, by BuildKit's list of words.</summary>
internal static class SecretName
{
    private static readonly HashSet<string> s_secret = new(StringComparer.OrdinalIgnoreCase)
    {
        "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
    };

    public static bool Is(string name)
    {
        var words = name.Split('_');
        return words.Any(s_secret.Contains) && !words.Contains("public", StringComparer.OrdinalIgnoreCase);
    }
}
