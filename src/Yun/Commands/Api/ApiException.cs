using System.Net;

namespace Yun.Commands.Api;

/// <summary>The daemon refused; the message is its own.</summary>
public sealed class ApiException(HttpStatusCode status, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;
}

/// <summary>The daemon cannot be reached, or the connection to it broke.</summary>
public sealed class ConnectException(string message, Exception? cause = null) : Exception(message, cause);
