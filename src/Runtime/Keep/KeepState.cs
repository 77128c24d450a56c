using Microsoft.Win32.SafeHandles;
using Yun.Protocol;
using Yun.Runtime.Keep.Logs;

namespace Yun.Runtime.Keep;

/// <summary>All that a keeper knows, as one version of the program leaves it to the next. The descriptors stay open when the process becomes that.</summary>
internal sealed class KeepState
{
    public SafeFileHandle? Lock { get; set; }
    public SafeFileHandle? Listener { get; set; }
    public List<ProcessState> Processes { get; } = [];
    public List<ClientState> Clients { get; } = [];
    public Dictionary<string, List<SafeFileHandle>> Held { get; } = [];

    /// <summary>All descriptors that the state names and that are open.</summary>
    public List<SafeFileHandle> Descriptors()
    {
        List<SafeFileHandle?> all = [Lock, Listener];
        foreach (var process in Processes)
        {
            all.AddRange([process.PidFd, process.Terminal, process.TerminalSlave, process.Stdin]);
            foreach (var output in process.Outputs) all.Add(output.Handle);
        }
        foreach (var client in Clients) all.Add(client.Socket);
        foreach (var descriptors in Held.Values) all.AddRange(descriptors);
        var open = new List<SafeFileHandle>();
        foreach (var descriptor in all)
            if (descriptor is { IsClosed: false }) open.Add(descriptor);
        return open;
    }
}

/// <summary>A kept process, just started or taken over.</summary>
internal sealed class ProcessState
{
    public KeeperStart Start { get; set; } = new();
    public int Pid { get; set; }
    public DateTime StartedAt { get; set; }
    public string? CgroupPath { get; set; }

    /// <summary>Set when it has ended and only has to be forgotten; then there are no descriptors besides outputs that somebody else writes to.</summary>
    public KeeperExit? Exit { get; set; }

    public SafeFileHandle? PidFd { get; set; }
    public SafeFileHandle? Terminal { get; set; }
    public SafeFileHandle? TerminalSlave { get; set; }
    public SafeFileHandle? Stdin { get; set; }

    /// <summary>What waits to be written to its standard input, and whether that ends then.</summary>
    public byte[] StdinWaiting { get; set; } = [];
    public bool StdinEnds { get; set; }

    public List<OutputState> Outputs { get; } = [];
}

internal sealed class OutputState
{
    public OutputKind Kind { get; set; }
    public SafeFileHandle? Handle { get; set; }
    public bool IsAbandoned { get; set; }
    public UnfinishedLine? Unfinished { get; set; }
}

/// <summary>A client of a process's streams, new or taken over.</summary>
internal sealed class ClientState
{
    public KeeperAttach Wanted { get; set; } = new();
    public SafeFileHandle? Socket { get; set; }
    public byte[] Waiting { get; set; } = [];
    public bool InputEnded { get; set; }
    public bool OutputLost { get; set; }
    public bool Finishing { get; set; }
    public bool HungUp { get; set; }
}
