using System.Runtime.InteropServices;
using Yun.Oci;
using Yun.Oci.Seccomp;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>What <c>--security-opt</c> says.</summary>
/// <param name="Seccomp">A profile of the user's own; null for the security profile's.</param>
/// <param name="AppArmor">Null when nothing was said.</param>
public sealed record SecurityOptions(SeccompProfileFile? Seccomp, bool IsSeccompOff, bool NoNewPrivileges, string? AppArmor, bool IsStrict)
{
    private const string Unconfined = "unconfined";

    private static bool HasAppArmor => Directory.Exists("/sys/kernel/security/apparmor");

    /// <exception cref="EngineException">An option is unknown, or this machine cannot do it: a container is never started with less protection than was asked for.</exception>
    public static SecurityOptions Parse(HostConfig host)
    {
        SeccompProfileFile? seccomp = null;
        var isSeccompOff = host.Privileged;
        var noNewPrivileges = false;
        string? appArmor = null;
        foreach (var option in host.SecurityOpt ?? [])
        {
            // The older separator is a colon, still sent for label:disable.
            var at = option.IndexOfAny(['=', ':']);
            var (name, value) = at < 0 ? (option, "") : (option[..at], option[(at + 1)..]);
            switch (name)
            {
                case "no-new-privileges":
                    noNewPrivileges = value is "" or "true" || (value is "false" ? false : throw Invalid(option));
                    break;
                case "seccomp":
                    isSeccompOff = value == Unconfined;
                    seccomp = value is Unconfined or "builtin" ? null : SeccompProfileFile.Parse(value);
                    break;
                case "apparmor":
                    if (value != Unconfined && !HasAppArmor) throw new EngineException(ErrorKind.InvalidArgument, $"Cannot use the AppArmor profile \"{value}\": AppArmor is not enabled on this machine.");
                    appArmor = value == Unconfined ? null : value;
                    break;
                case "profile":
                    SecurityProfile.Checked(value);
                    break;
                case "label" when value == "disable":
                case "systempaths" when value == Unconfined:
                    break;
                case "label":
                    throw new EngineException(ErrorKind.InvalidArgument, $"Cannot use the SELinux label \"{value}\": no SELinux policy is loaded on this machine.");
                default:
                    throw Invalid(option);
            }
        }
        return new SecurityOptions(seccomp, isSeccompOff, noNewPrivileges, appArmor, SecurityProfile.IsStrict(host));
    }

    /// <summary>The filter for a container with these capabilities; null for none.</summary>
    public SpecSeccomp? FilterFor(IReadOnlyList<string> capabilities) =>
        IsSeccompOff ? null
        : Seccomp is not null ? Seccomp.For(capabilities)
        : IsStrict ? StrictSeccomp.For(capabilities, RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
        : SeccompProfile.Default(capabilities);

    private static EngineException Invalid(string option) => new(ErrorKind.InvalidArgument, $"invalid --security-opt 2: \"{option}\"");
}
