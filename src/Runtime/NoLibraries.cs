using System.Runtime.InteropServices;

namespace Yun.Runtime;

/// <summary>Stands in libc's place where .NET could ask for a library: a program that is linked whole has none to load.</summary>
internal static unsafe class NoLibraries
{
    [UnmanagedCallersOnly(EntryPoint = "dlopen")]
    public static nint Open(byte* name, int flags)
    {
        _ = (nint)name + flags;
        return 0;
    }
}
