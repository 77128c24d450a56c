namespace Yun.Protocol;

/// <summary>What went wrong, in the few kinds a caller can act on. The Docker API turns each into one status code.</summary>
public enum ErrorKind
{
    /// <summary>The request itself is wrong (400).</summary>
    InvalidArgument,
    /// <summary>The caller may not do this, or must log in first (401).</summary>
    Unauthorized,
    /// <summary>Refused by policy or by a remote side (403).</summary>
    Forbidden,
    /// <summary>What the request names does not exist (404).</summary>
    NotFound,
    /// <summary>The state of things does not allow it now: name in use, container running (409).</summary>
    Conflict,
    /// <summary>Known, but not done by this program or not possible on this machine (501).</summary>
    NotImplemented,
    /// <summary>A part that is needed does not answer: keeper, registry (503).</summary>
    Unavailable,
    /// <summary>A fault of ours or of the machine: a full disk, a failed system call (500).</summary>
    Internal,
}

/// <summary>The caller did not get what was asked. The text is one sentence for a person, with the name in it; the cause stays the cause.</summary>
public sealed class EngineException(ErrorKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    public ErrorKind Kind { get; } = kind;
}
