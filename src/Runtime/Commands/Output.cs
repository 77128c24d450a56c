using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary>Standard output and standard error. .NET's console would bring encodings, terminal descriptions and handlers of signals with it.</summary>
internal static class Output
{
    private static readonly SafeFileHandle s_output = new(1, ownsHandle: false), s_errors = new(2, ownsHandle: false);

    /// <exception cref="SyscallException">Nobody can read it any more.</exception>
    public static void Write(string text) => Pipe.WriteAll(s_output, Encoding.UTF8.GetBytes(text));

    /// <summary>There is nowhere to report that an error cannot be reported.</summary>
    public static void WriteError(string text) => Descriptors.Write(s_errors, Encoding.UTF8.GetBytes(text), out _);
}
