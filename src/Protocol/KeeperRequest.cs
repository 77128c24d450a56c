namespace Yun.Protocol;

/// <summary>One request: exactly one of the properties besides <see cref="Id"/> is set.</summary>
public sealed class KeeperRequest
{
    /// <summary>Greater than 0, chosen by the sender; the reply carries it.</summary>
    public long Id { get; set; }
    public KeeperHello? Hello { get; set; }
    public KeeperStart? Start { get; set; }
    public KeeperAttach? Attach { get; set; }
    public KeeperResize? Resize { get; set; }
    public KeeperSignal? Signal { get; set; }
    public KeeperClearLog? ClearLog { get; set; }
    public KeeperForget? Forget { get; set; }
    public KeeperList? List { get; set; }
    public KeeperHold? Hold { get; set; }
    public KeeperHeld? Held { get; set; }
    public KeeperRelease? Release { get; set; }
    public KeeperNamespaces? Namespaces { get; set; }
    public KeeperStop? Stop { get; set; }
    public KeeperUpgrade? Upgrade { get; set; }
}

public sealed class KeeperHello
{
    public int Version { get; set; }
    /// <summary>The keeper's own process, in a reply.</summary>
    public int Pid { get; set; }
    /// <summary>The program's version, for people.</summary>
    public string Program { get; set; } = "";
}

/// <summary>
/// Starts a container, or a process in one. The payload is the runtime spec; for an exec it is the container's with the other <c>process</c>.
/// The descriptors are detached mounts, one for each of <see cref="MountDestinations"/>, then the user namespace and the network namespace where there are such.
/// </summary>
public sealed class KeeperStart
{
    public string ProcessId { get; set; } = "";
    public string ContainerId { get; set; } = "";
    /// <summary>Joins the running container <see cref="ContainerId"/> instead of making it.</summary>
    public bool Exec { get; set; }
    public KeeperLog? Log { get; set; }
    /// <summary>Where the exit is recorded before the process is reaped; null records none.</summary>
    public string? ExitPath { get; set; }
    /// <summary>Standard input is a pipe or the terminal, and not /dev/null.</summary>
    public bool OpenStdin { get; set; }
    /// <summary>Standard input ends with the first attached client's.</summary>
    public bool StdinOnce { get; set; }
    /// <summary>"/" is the root file system.</summary>
    public List<string> MountDestinations { get; set; } = [];
    public bool NetworkNamespace { get; set; }
    /// <summary>The one that the spec's user namespace is.</summary>
    public bool UserNamespace { get; set; }
}

/// <summary>A log in the form of Docker's json-file driver.</summary>
public sealed class KeeperLog
{
    public string Path { get; set; } = "";
    /// <summary>A file of this size is rotated before the next line; 0 or less is never.</summary>
    public long FileBytesMax { get; set; }
    /// <summary>With the current file; 1 starts the file anew instead of keeping rotated ones.</summary>
    public int FilesMax { get; set; } = 1;
    /// <summary>Lines are dropped when the disk is slower than the container, rather than the container be held up.</summary>
    public bool NonBlocking { get; set; }
    /// <summary>How much may wait for the disk when <see cref="NonBlocking"/>.</summary>
    public long BufferBytesMax { get; set; } = 1_000_000;
    /// <summary>Written into every line as <c>attrs</c>: the labels and variables asked for, and the tag.</summary>
    public Dictionary<string, string>? Attributes { get; set; }
}

/// <summary>Hands over one end of a socket pair (the descriptor). May come before the process starts; nothing it writes is missed then.</summary>
public sealed class KeeperAttach
{
    public string ProcessId { get; set; } = "";
    public bool Stdin { get; set; }
    public bool Stdout { get; set; }
    public bool Stderr { get; set; }
}

public sealed class KeeperResize
{
    public string ProcessId { get; set; } = "";
    public ushort Rows { get; set; }
    public ushort Columns { get; set; }
}

public sealed class KeeperSignal
{
    public string ProcessId { get; set; } = "";
    public int Signal { get; set; }
}

/// <summary>Truncates the log and removes rotated files.</summary>
public sealed class KeeperClearLog
{
    public string ProcessId { get; set; } = "";
}

/// <summary>The exit has been taken note of: it is not told again, and the id may be used anew.</summary>
public sealed class KeeperForget
{
    public string ProcessId { get; set; } = "";
}

public sealed class KeeperList;

/// <summary>Keeps the descriptors open under a name, past the daemon's life: reserved ports, name servers' sockets. Replaces what was there.</summary>
public sealed class KeeperHold
{
    public string Name { get; set; } = "";
    public int Count { get; set; }
}

/// <summary>Asks for copies of what is held under a name.</summary>
public sealed class KeeperHeld
{
    public string Name { get; set; } = "";
}

public sealed class KeeperRelease
{
    public string Name { get; set; } = "";
}

/// <summary>
/// Makes a user namespace, and a network namespace in it, and gives their descriptors; they last as long as somebody holds those. With a descriptor that is the
/// user namespace, only the network namespace is made.
/// </summary>
public sealed class KeeperNamespaces
{
    public List<KeeperIds> Users { get; set; } = [];
    public List<KeeperIds> Groups { get; set; } = [];
    public bool Network { get; set; }
    /// <summary>A descriptor is the user namespace.</summary>
    public bool Inside { get; set; }
}

/// <summary>So many ids in a row: the first inside a user namespace, and on the machine.</summary>
public sealed class KeeperIds
{
    public uint Inside { get; set; }
    public uint Outside { get; set; }
    public uint Count { get; set; }
}

/// <summary>Ends the keeper when nothing runs; refused otherwise.</summary>
public sealed class KeeperStop;

/// <summary>
/// Makes the keeper another version of its program (the descriptor), in the same process and with all that it keeps. Only a refusal is answered: when it
/// is done, all connections end, and the new version takes those that come. Understood before the greeting, since the versions may greet differently.
/// </summary>
public sealed class KeeperUpgrade
{
    /// <summary>The <see cref="KeeperProtocol.StateVersion"/> that the new version reads.</summary>
    public int StateVersion { get; set; }
}
