using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>Which of the two sets of values a container starts from: <c>docker</c>, Docker's own, or <c>strict</c> (docs/hardening.md).</summary>
public static class SecurityProfile
{
    public const string Docker = "docker", Strict = "strict";
    private const string Option = "profile=";

    /// <exception cref="EngineException">There is no such profile.</exception>
    public static string Checked(string name) => name is Docker or Strict ? name
        : throw new EngineException(ErrorKind.InvalidArgument, $"There is no security profile '{name}'; there are {Docker} and {Strict}.");

    /// <summary>Whether the container has the strict profile; after <see cref="Fill"/> its options say so.</summary>
    public static bool IsStrict(HostConfig host) => Asked(host) == Strict;

    /// <exception cref="EngineException">The profile that was asked for cannot be had with the rest of what was asked for.</exception>
    public static void Check(HostConfig host)
    {
        if (Asked(host) is not { } asked) return;
        if (Checked(asked) == Strict && host.Privileged)
            throw new EngineException(ErrorKind.InvalidArgument, "conflicting options: a privileged container cannot have the security profile strict");
    }

    /// <summary>
    /// Writes the profile's values where nothing was said, so that inspect shows them: what was asked for stays as it is. The daemon's default yields to
    /// <c>--privileged</c>.
    /// </summary>
    public static void Fill(HostConfig host, string daemonDefault)
    {
        if (Asked(host) is null && daemonDefault == Strict && !host.Privileged) host.SecurityOpt = [.. host.SecurityOpt ?? [], Option + Strict];
        if (!IsStrict(host)) return;
        if (!host.SecurityOpt!.Exists(o => o.StartsWith("no-new-privileges", StringComparison.Ordinal))) host.SecurityOpt.Add("no-new-privileges");
        if (host.CgroupnsMode is null or "") host.CgroupnsMode = "private";
        // The stock client sends 0 for "not said" and -1 for "no limit".
        if (host.PidsLimit is null or 0) host.PidsLimit = StrictProfile.PidsLimit;
        host.MaskedPaths ??= [.. StrictProfile.MaskedPaths.Union(ContainerDefaults.MaskedPaths)];
        Limit(host, "core", 0, 0);
        Limit(host, "nofile", StrictProfile.OpenFilesSoft, Math.Min(StrictProfile.OpenFilesHard, ResourceLimit.Hard(ResourceLimit.OpenFiles)));
        var locked = Math.Min(StrictProfile.LockedMemory, ResourceLimit.Hard(ResourceLimit.LockedMemory));
        Limit(host, "memlock", locked, locked);
    }

    private static void Limit(HostConfig host, string name, ulong soft, ulong hard)
    {
        if (host.Ulimits?.Exists(l => l.Name == name) == true) return;
        (host.Ulimits ??= []).Add(new Ulimit { Name = name, Soft = (long)Math.Min(soft, hard), Hard = (long)hard });
    }

    private static string? Asked(HostConfig host) => host.SecurityOpt?.FindLast(o => o.StartsWith(Option, StringComparison.Ordinal))?[Option.Length..];
}
