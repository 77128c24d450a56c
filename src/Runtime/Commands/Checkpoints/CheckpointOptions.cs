using Yun.Linux;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>The options of checkpoint, as runc names them.</summary>
internal sealed class CheckpointOptions
{
    private bool _leavesRunning;
    private string? _parent;

    public CriuOptions Criu { get; } = new();
    /// <summary>Only memory is written, for a later checkpoint to build on.</summary>
    public bool PreDump { get; private set; }
    public bool GoesOn => _leavesRunning || PreDump;

    public bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--leave-running": return _leavesRunning = true;
            case "--pre-dump": return PreDump = true;
            case "--parent-path": _parent = value(); return true;
            case "--link-remap": return Criu.Pass(name);
            case "--tcp-skip-in-flight": return Criu.Pass("--skip-in-flight");
            case "--page-server": throw new UsageException("--page-server is not supported: memory is written to the folder of --image-path");
            case "--status-fd": throw new UsageException("--status-fd is not supported: it serves --lazy-pages, which is not");
            default: return Criu.Take(name, value);
        }
    }

    /// <exception cref="UsageException">Options do not go together, or with what is there.</exception>
    public void Check()
    {
        if (_parent is null) return;
        // By CRIU it is looked up from within the images, so that they can be moved together.
        if (Path.IsPathRooted(_parent)) throw new UsageException($"--parent-path is {_parent}; it must be relative to the folder of --image-path");
        var folder = Path.GetFullPath(_parent, Criu.Images);
        if (Files.KindOf(folder) is null) throw new UsageException($"--parent-path is {_parent}, but {folder} does not exist");
    }

    /// <summary>CRIU's words for it.</summary>
    public List<string> Line(string log)
    {
        var line = Criu.Line(PreDump ? "pre-dump" : "dump", log);
        if (_leavesRunning && !PreDump) line.Add("--leave-running");
        if (PreDump || _parent is not null) line.Add("--track-mem");
        if (_parent is not null) line.AddRange(["--prev-images-dir", _parent]);
        return line;
    }
}
