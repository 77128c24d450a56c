using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary>Packages of kernels: a distribution's .deb, or a tar of the same files.</summary>
internal static class KernelPackage
{
    private const int MemberHeaderBytes = 60;

    /// <summary>The distribution's kernel for virtual machines, by apt: it checks what it downloads against what the distribution has signed.</summary>
    /// <returns>The package's path, in <paramref name="folder"/>.</returns>
    public static string Download(string folder, TextWriter progress)
    {
        var newest = Output("dpkg", "--print-architecture").Trim() is var architecture && File.ReadAllText("/etc/os-release").Contains("ID=ubuntu", StringComparison.Ordinal) ? "linux-image-virtual" : $"linux-image-cloud-{architecture}";
        // That package is empty and needs the one with the kernel.
        var package = Output("apt-cache", "depends", "--no-recommends", newest).Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("Depends: linux-image-", StringComparison.Ordinal))?["Depends: ".Length..]
            ?? throw new FailureException($"the distribution has no package {newest}: run 'apt-get update', or name a kernel's package yourself");
        progress.WriteLine($"Downloading {package}");
        Output("apt-get", "-q", "-o", "APT::Sandbox::User=root", "-o", $"Dir::Cache::archives={folder}", "--reinstall", "--download-only", "-y", "--no-install-recommends", "install", package);
        return Directory.GetFiles(folder, $"{package}_*.deb").FirstOrDefault() ?? throw new FailureException($"apt-get has not downloaded {package}");
    }

    public static void Check(string path, string wanted)
    {
        using var file = File.OpenRead(path);
        var digest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(file))}";
        if (digest != wanted) throw new FailureException($"{path} is {digest}, not {wanted}");
    }

    /// <summary>The tar in a .deb (deb(5): the member data.tar of an ar archive), or the file as it is.</summary>
    public static void Copy(string path, Stream to)
    {
        using var file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[8];
        if (file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) < magic.Length || !magic.SequenceEqual("!<arch>\n"u8))
        {
            file.Position = 0;
            file.CopyTo(to);
            return;
        }
        Span<byte> header = stackalloc byte[MemberHeaderBytes];
        while (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length)
        {
            if (!long.TryParse(Encoding.ASCII.GetString(header[48..58]).Trim(), out var length)) break;
            if (header.StartsWith("data.tar"u8))
            {
                Copy(file, to, length);
                return;
            }
            file.Position += length + (length & 1);
        }
        throw new FailureException($"{path} is a package without files");
    }

    private static void Copy(FileStream from, Stream to, long length)
    {
        var buffer = new byte[256 << 10];
        for (int read; length > 0 && (read = from.Read(buffer, 0, (int)Math.Min(buffer.Length, length))) > 0; length -= read) to.Write(buffer, 0, read);
    }

    private static string Output(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : throw new FailureException($"{program}: {said.Result.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception) { throw new FailureException($"there is no {program} on this machine: name a kernel's package, or a directory with boot/vmlinuz-RELEASE and lib/modules/RELEASE"); }
    }
}
