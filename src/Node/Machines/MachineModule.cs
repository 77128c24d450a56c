namespace Yun.Node.Machines;

/// <summary>A file for a kernel that takes several (multiboot), as asked: a path, and after a space the file's own command line.</summary>
internal static class MachineModule
{
    public static string PathOf(string asked) => asked.Split(' ', 2)[0];

    public static string LineOf(string asked) => asked.Split(' ', 2) is [_, var line] ? line : "";

    /// <summary>Its name in the machine's directory.</summary>
    public static string FileOf(int number) => $"module{number}";
}
