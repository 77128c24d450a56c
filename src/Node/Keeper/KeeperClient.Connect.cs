using System.Diagnostics;
using System.Text.Json;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Keeper;

public sealed partial class KeeperClient
{
    /// <summary>Connects to the keeper that runs, which becomes this version of its program if it is another, or starts one that outlives this process.</summary>
    public static async Task<KeeperClient> ConnectOrStartAsync(KeeperOptions options, CancellationToken cancel = default)
    {
        var (asked, refusal) = (false, (string?)null);
        for (var running = TryConnect(options.SocketPath); running is not null; running = TryConnect(options.SocketPath))
        {
            if (!IsOfProgram(running.Peer.Pid, options.RuntimePath))
            {
                if (!asked)
                {
                    asked = true;
                    refusal = await UpgradeAsync(running, options, cancel).ConfigureAwait(false);
                    continue;
                }
                refusal ??= $"It went back to its former version; see {options.LogPath}.";
            }
            var client = await GreetAsync(running, cancel).ConfigureAwait(false);
            client.UpgradeRefusal = refusal;
            return client;
        }
        var keeper = Spawn(options);
        try
        {
            var waited = Stopwatch.StartNew();
            while (waited.Elapsed < options.StartDeadline)
            {
                if (TryConnect(options.SocketPath) is { } socket)
                {
                    var client = await GreetAsync(socket, cancel).ConfigureAwait(false);
                    await LetLoserEndAsync(keeper, client, options.StartDeadline, cancel).ConfigureAwait(false);
                    return client;
                }
                if (keeper.HasExited && keeper.ExitCode != 0)
                    break;
                // It found the lock held: by another that is still starting, or by one that is about to end and will not be there.
                if (keeper.HasExited)
                {
                    keeper.Dispose();
                    keeper = Spawn(options);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(50, 2 + waited.ElapsedMilliseconds / 4)), cancel).ConfigureAwait(false);
            }
            throw new EngineException(ErrorKind.Unavailable, keeper.HasExited
                ? $"The keeper ended with code {keeper.ExitCode} instead of starting; see {options.LogPath}."
                : $"The keeper did not start within {options.StartDeadline.TotalSeconds:0} seconds; see {options.LogPath}.");
        }
        finally
        {
            keeper.Dispose();
        }
    }

    // Another daemon's was quicker. Ours ends when it finds the lock held; left to itself it could find it free later and serve nobody.
    private static async Task LetLoserEndAsync(Process keeper, KeeperClient client, TimeSpan deadline, CancellationToken cancel)
    {
        if (keeper.Id == client.Pid)
            return;
        try
        {
            await keeper.WaitForExitAsync(cancel).WaitAsync(deadline, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The other has ended in the meantime, and ours is the keeper now: the connection tells that it is lost.
        }
        catch (OperationCanceledException)
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The exit recorded at <see cref="KeptStart.ExitPath"/>, for when the keeper has died since; null when there is none.</summary>
    public static KeeperExit? ReadExitRecord(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), KeeperJson.Default.KeeperExit);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static UnixSocket? TryConnect(string path)
    {
        try
        {
            return UnixSocket.Connect(path);
        }
        catch (SyscallException error) when (error.Errno is Errno.ENOENT or Errno.ECONNREFUSED)
        {
            return null;
        }
    }

    // The keeper leaves this session by itself, closes what it inherits, and takes its log for its output.
    private static Process Spawn(KeeperOptions options)
    {
        Directory.CreateDirectory(options.ExecRoot, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo(options.RuntimePath) { UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var argument in (ReadOnlySpan<string>)["keep", "--socket", Path.GetFullPath(options.SocketPath), "--log", Path.GetFullPath(options.LogPath)])
            start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new EngineException(ErrorKind.Unavailable, $"The keeper {options.RuntimePath} cannot be started.", error);
        }
    }

    private static async Task<KeeperClient> GreetAsync(UnixSocket socket, CancellationToken cancel)
    {
        var client = new KeeperClient(socket);
        try
        {
            client._connection.Open();
            var hello = new KeeperHello { Version = KeeperProtocol.Version, Program = typeof(KeeperClient).Assembly.GetName().Version?.ToString(3) ?? "" };
            using var answer = await client._connection.CallAsync(new() { Hello = hello }, "answer", s_deadline, cancel).ConfigureAwait(false);
            client.Pid = answer.Replies[0].Hello?.Pid ?? 0;
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
