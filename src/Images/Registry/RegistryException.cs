using System.Net;

namespace Yun.Images.Registry;

/// <summary>A registry answered with an error. The text is as Docker prints it: the code in words, and the registry's message.</summary>
internal sealed class RegistryException(HttpStatusCode status, string code, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;
    /// <summary>Such as <c>MANIFEST_UNKNOWN</c> (OCI distribution spec, "Error Codes"); made up from the status where the registry sent none.</summary>
    public string Code { get; } = code;
}
