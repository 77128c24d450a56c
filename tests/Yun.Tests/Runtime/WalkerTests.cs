using System.Diagnostics;
using Yun.Runtime.Walker;

namespace Yun.Tests.Runtime;

/// <summary>The walker's bytes are what its commented listings assemble to.</summary>
public sealed class WalkerTests
{
    [Fact]
    public void The_x64_walker_is_what_its_listing_assembles_to() => AssertAssembles("walker.x64.s", "x86_64-linux-gnu-", WalkerCode.X64.ToArray());

    [Fact]
    public void The_arm64_walker_is_what_its_listing_assembles_to() => AssertAssembles("walker.arm64.s", "aarch64-linux-gnu-", WalkerCode.Arm64.ToArray());

    private static void AssertAssembles(string listing, string tools, byte[] expected)
    {
        var folder = Directory.CreateTempSubdirectory("yun-walker-");
        try
        {
            var (objectFile, binary) = (Path.Combine(folder.FullName, "walker.o"), Path.Combine(folder.FullName, "walker.bin"));
            Run(tools + "as", "-o", objectFile, Path.Combine(Repository.Root, "src", "Runtime", "Walker", listing));
            Run(tools + "objcopy", "-O", "binary", "-j", ".text", objectFile, binary);
            Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(File.ReadAllBytes(binary)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }
}
