using System.Diagnostics;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Keeper;

public sealed partial class KeeperClient
{
    /// <summary>Why the keeper is still of another version of the program than <see cref="KeeperOptions.RuntimePath"/>; null when it is of that one.</summary>
    public string? UpgradeRefusal { get; private set; }

    /// <summary>Makes the running keeper the program at <see cref="KeeperOptions.RuntimePath"/>; what it keeps runs on. The connection is used up by that.</summary>
    /// <returns>Why it stays what it is; null when it is done.</returns>
    private static async Task<string?> UpgradeAsync(UnixSocket socket, KeeperOptions options, CancellationToken cancel)
    {
        using var connection = new KeeperConnection(socket, _ => { }, _ => { });
        connection.Open();
        if (!await IsRuntimeAsync(options.RuntimePath, cancel).ConfigureAwait(false)) return $"{options.RuntimePath} is not a working yun-runtime.";
        using var program = PathDescriptor.Open(null, options.RuntimePath, OpenFlags.ReadOnly);
        try
        {
            (await connection.CallAsync(new() { Upgrade = new() { StateVersion = KeeperProtocol.StateVersion } }, "become the new version", s_deadline, cancel, descriptors: [program]).ConfigureAwait(false)).Dispose();
        }
        catch (EngineException error) when (error.Kind != ErrorKind.Unavailable || !connection.HasEnded)
        {
            return error.Message;
        }
        catch (EngineException)
        {
            // All connections end when it becomes the other program.
        }
        return null;
    }

    // A program that was moved into memory is compared by what is in it.
    private static bool IsOfProgram(int pid, string path)
    {
        try
        {
            using var running = File.OpenRead($"/proc/{pid}/exe");
            using var installed = File.OpenRead(path);
            if (running.Length != installed.Length) return false;
            byte[] one = new byte[64 << 10], other = new byte[64 << 10];
            while (running.ReadAtLeast(one, one.Length, throwOnEndOfStream: false) is var count and > 0)
            {
                installed.ReadExactly(other, 0, count);
                if (!one.AsSpan(0, count).SequenceEqual(other.AsSpan(0, count))) return false;
            }
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing to compare with is no reason to change what works.
            return true;
        }
    }

    // A keeper that became a program that does not run would take all containers' parent away.
    private static async Task<bool> IsRuntimeAsync(string path, CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var said = await process.StandardOutput.ReadToEndAsync(cancel).ConfigureAwait(false);
            await process.WaitForExitAsync(cancel).ConfigureAwait(false);
            return process.ExitCode == 0 && said.StartsWith("yun-runtime ", StringComparison.Ordinal);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
