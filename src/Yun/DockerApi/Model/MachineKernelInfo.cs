namespace Yun.DockerApi.Model;

/// <summary>The kernel of virtual machines that are made from images.</summary>
public sealed class MachineKernelInfo
{
    /// <summary>As <c>uname -r</c> says it in the machine.</summary>
    public string Release { get; set; } = "";
}
