using Yun.Oci;

namespace Yun.Runtime.Commands;

/// <summary>What exec takes besides the options it shares with run: how the process differs from the container's first.</summary>
internal sealed class ExecOptions
{
    private readonly List<string> _environment = [], _capabilities = [];
    private readonly List<uint> _groups = [];
    private string? _cwd, _apparmor, _label;
    private (uint Uid, uint? Gid)? _user;
    private bool _terminal, _noNewPrivileges;

    public string? ProcessFile { get; private set; }
    /// <summary>As given: PATH, or CONTROLLERS:PATH for a hierarchy of v1.</summary>
    public List<string> Cgroups { get; } = [];
    public bool IgnoresPause { get; private set; }

    public bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--process" or "-p": ProcessFile = value(); return true;
            case "--cwd": _cwd = value(); return true;
            case "--env" or "-e": _environment.Add(value()); return true;
            case "--tty" or "-t": return _terminal = true;
            case "--user" or "-u": _user = User(value()); return true;
            case "--additional-gids" or "-g": _groups.Add(Number(value(), name)); return true;
            case "--process-label": _label = value(); return true;
            case "--apparmor": _apparmor = value(); return true;
            case "--no-new-privs": return _noNewPrivileges = true;
            case "--cap" or "-c": _capabilities.Add(value()); return true;
            case "--cgroup": Cgroups.Add(value()); return true;
            case "--ignore-paused": return IgnoresPause = true;
            default: return false;
        }
    }

    /// <summary>The container's own process, changed as asked.</summary>
    public SpecProcess Apply(SpecProcess process, List<string> arguments)
    {
        if (arguments.Count == 0) throw new UsageException("the command to run is missing");
        process.Args = arguments;
        process.Terminal = _terminal;
        process.Env = [.. process.Env ?? [], .. _environment];
        process.Cwd = _cwd ?? process.Cwd;
        process.ApparmorProfile = _apparmor ?? process.ApparmorProfile;
        process.SelinuxLabel = _label ?? process.SelinuxLabel;
        process.NoNewPrivileges |= _noNewPrivileges;
        if (_user is { } user) process.User = new SpecUser { Uid = user.Uid, Gid = user.Gid ?? process.User.Gid, Umask = process.User.Umask, AdditionalGids = process.User.AdditionalGids };
        if (_groups.Count > 0) process.User.AdditionalGids = [.. process.User.AdditionalGids ?? [], .. _groups];
        if (_capabilities.Count > 0) Add(process.Capabilities ??= new SpecCapabilities());
        return process;
    }

    private void Add(SpecCapabilities sets)
    {
        sets.Bounding = [.. sets.Bounding ?? [], .. _capabilities];
        sets.Effective = [.. sets.Effective ?? [], .. _capabilities];
        sets.Permitted = [.. sets.Permitted ?? [], .. _capabilities];
    }

    // Numbers only: names would have to be looked up in files that the image wrote.
    private static (uint Uid, uint? Gid) User(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (Number(text, "--user"), null) : (Number(text[..colon], "--user"), Number(text[(colon + 1)..], "--user"));
    }

    private static uint Number(string text, string option)
    {
        var digits = text.Length > 0;
        foreach (var c in text) digits &= char.IsAsciiDigit(c);
        // The last number means "leave it as it is" to the kernel.
        return digits && uint.TryParse(text, out var number) && number != uint.MaxValue ? number : throw new UsageException($"{option} is '{text}'; it must be a number below {uint.MaxValue}");
    }
}
