namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>What checkpoint and restore both take, as runc names it, and its words for CRIU.</summary>
internal sealed class CriuOptions
{
    private readonly List<string> _passedOn = [];
    private string? _work;
    private string _cgroups = "soft";
    private bool _tcp;

    public string Images { get; private set; } = Path.GetFullPath("checkpoint");
    /// <summary>Where CRIU's log and statistics go.</summary>
    public string Work => _work ?? Images;
    /// <summary>CRIU then leaves cgroups alone, and a restored container is in the one that CRIU itself was started in.</summary>
    public bool IgnoresCgroups => _cgroups == "ignore";

    /// <summary>CRIU makes every cgroup itself, with what it was set to, and stops where there is one.</summary>
    public bool MakesCgroups => _cgroups == "strict";

    public bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--image-path": Images = Path.GetFullPath(value()); return true;
            case "--work-path": _work = Path.GetFullPath(value()); return true;
            case "--tcp-established": return _tcp = Pass(name);
            case "--ext-unix-sk" or "--shell-job" or "--file-locks" or "--auto-dedup": return Pass(name);
            case "--manage-cgroups-mode":
                _cgroups = value();
                if (_cgroups is not ("soft" or "full" or "strict" or "ignore")) throw new UsageException($"--manage-cgroups-mode is '{_cgroups}'; it must be soft, full, strict or ignore");
                return true;
            case "--empty-ns":
                if (value() is not ("network" or "net")) throw new UsageException("--empty-ns must be network");
                return Pass("--empty-ns", "net");
            case "--lazy-pages": throw new UsageException("--lazy-pages is not supported: memory is always read back before the container goes on");
            default: return false;
        }
    }

    /// <summary>The words every call of CRIU begins with.</summary>
    public List<string> Line(string action, string log)
    {
        List<string> line = ["criu", action, "--images-dir", Images, "--work-dir", Work, "--log-file", log, "-v4", $"--manage-cgroups={_cgroups}", .. _passedOn];
        // Without open connections there is nothing to hold back, and no packet filter is needed for it.
        if (!_tcp) line.AddRange(["--network-lock", "skip"]);
        else if (ProgramPath.Find("iptables-restore") is null) line.AddRange(["--network-lock", "nftables"]);
        return line;
    }

    /// <summary>Hands words on as they are; true, as what takes an option answers.</summary>
    public bool Pass(params ReadOnlySpan<string> words)
    {
        _passedOn.AddRange(words);
        return true;
    }
}
