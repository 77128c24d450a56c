namespace Yun.Linux;

/// <summary>Flags of open(2) that have one value on x86-64 and another on arm64 are properties; the rest are constants.</summary>
public static class OpenFlags
{
    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NoControllingTerminal = 0x100, Truncate = 0x200,
        Append = 0x400, NonBlocking = 0x800, CloseOnExec = 0x80000, Path = 0x200000;

    private static bool Arm => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64;

    public static int Directory => Arm ? 0x4000 : 0x10000;
    public static int NoFollow => Arm ? 0x8000 : 0x20000;
}

/// <summary>How openat2(2) resolves a path (linux/openat2.h).</summary>
[Flags]
public enum Resolve : ulong
{
    None = 0,
    NoCrossDevice = 1,
    NoMagicLinks = 2,
    NoSymlinks = 4,
    Beneath = 8,
    InRoot = 16,
}
