using System.Globalization;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>A version of the Docker Engine API. 1.9 is before 1.50: the parts are numbers.</summary>
public readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    /// <summary>What this engine speaks; what a request without a version gets.</summary>
    public static ApiVersion Newest { get; } = new(1, 50);

    /// <summary>The oldest that clients may ask for: dockerd's own floor up to 28.</summary>
    public static ApiVersion Oldest { get; } = new(1, 24);

    public static ApiVersion? TryParse(ReadOnlySpan<char> text)
    {
        var dot = text.IndexOf('.');
        return dot > 0 && int.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var minor) ? new ApiVersion(major, minor) : null;
    }

    public int CompareTo(ApiVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);
    public static bool operator <(ApiVersion left, ApiVersion right) => left.CompareTo(right) < 0;
    public static bool operator >(ApiVersion left, ApiVersion right) => left.CompareTo(right) > 0;
    public static bool operator <=(ApiVersion left, ApiVersion right) => left.CompareTo(right) <= 0;
    public static bool operator >=(ApiVersion left, ApiVersion right) => left.CompareTo(right) >= 0;
    public override string ToString() => $"{Major}.{Minor}";
}

/// <summary>Takes <c>/v1.50</c> off the path, refuses versions we do not speak, and gives every answer Docker's headers.</summary>
internal sealed class ApiVersions(RequestDelegate next)
{
    public static readonly string ServerName = $"Yun/{typeof(ApiVersions).Assembly.GetName().Version?.ToString(3)} (linux)";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["Api-Version"] = ApiVersion.Newest.ToString();
        context.Response.Headers["Docker-Experimental"] = "false";
        context.Response.Headers["Ostype"] = "linux";
        context.Response.Headers.Server = ServerName;
        var version = TakeVersion(context.Request);
        if (version > ApiVersion.Newest)
            throw new EngineException(ErrorKind.InvalidArgument, $"client version {version} is too new. Maximum supported API version is {ApiVersion.Newest}");
        if (version < ApiVersion.Oldest)
            throw new EngineException(ErrorKind.InvalidArgument, $"client version {version} is too old. Minimum supported API version is {ApiVersion.Oldest}, please upgrade your client to a newer version");
        context.Features.Set(new Asked(version));
        return next(context);
    }

    private static ApiVersion TakeVersion(HttpRequest request)
    {
        var path = request.Path.Value.AsSpan();
        if (path.Length < 3 || path[1] != 'v' || !char.IsAsciiDigit(path[2])) return ApiVersion.Newest;
        var end = path[1..].IndexOf('/') + 1;
        if (end <= 0 || ApiVersion.TryParse(path[2..end]) is not { } version) return ApiVersion.Newest;
        request.Path = path[end..].ToString();
        return version;
    }

    internal sealed record Asked(ApiVersion Version);
}

public static class ApiVersionOfRequest
{
    /// <summary>The version that the request asked for.</summary>
    public static ApiVersion ApiVersion(this HttpContext context) => context.Features.Get<ApiVersions.Asked>()?.Version ?? DockerApi.ApiVersion.Newest;
}
