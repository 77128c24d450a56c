namespace Yun.Commands.Doctor;

/// <summary>What is needed only for some things.</summary>
internal static class ProgramChecks
{
    public static IEnumerable<Finding> Of(MachineFacts facts)
    {
        foreach (var program in OptionalProgram.All)
        {
            yield return facts.MissingPrograms.Contains(program)
                ? Finding.Warning("programs", $"no {string.Join(" or ", program.Names)}, for {program.Purpose}", $"apt-get install {program.Package}, where that is wanted")
                : Finding.Ok("programs", $"{program.Names[0]}, for {program.Purpose}");
        }
        yield return facts.CanUseKvm ? Finding.Ok("kvm", "virtual machines run on the processor")
            : Finding.Warning("kvm", "/dev/kvm cannot be used, so virtual machines run on emulated processors, slowly", "turn on virtualisation in the firmware or in the machine around this one, and be root or in the group kvm");
    }
}
