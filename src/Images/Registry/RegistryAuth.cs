namespace Yun.Images.Registry;

/// <summary>What a user proves to one registry. Sent to that registry's host and to the token server it may name, to nobody else.</summary>
/// <param name="IdentityToken">A refresh token, given instead of a password.</param>
/// <param name="RegistryToken">A bearer token to be sent as it is.</param>
public sealed record RegistryAuth(string? Username = null, string? Password = null, string? IdentityToken = null, string? RegistryToken = null)
{
    public bool IsEmpty => string.IsNullOrEmpty(Username) && string.IsNullOrEmpty(IdentityToken) && string.IsNullOrEmpty(RegistryToken);

    // A record prints its properties; these must not reach a log.
    public override string ToString() => IsEmpty ? "anonymous" : $"credentials of {Username ?? "a token"}";
}
