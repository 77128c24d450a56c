using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Node.Containers.Spec;
using Yun.Node.Keeper;
using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>A short process in a container that the engine itself wants something of. Disposing of it kills it if it still runs.</summary>
internal sealed class ProbeProcess : IAsyncDisposable
{
    private const int Kill = 9;
    private readonly Engine _engine;
    private readonly string _id;
    private readonly KeptAttachment _streams;
    private readonly Task<int> _exit;

    private ProbeProcess(Engine engine, string id, KeptAttachment streams, Task<int> exit) => (_engine, _id, _streams, _exit) = (engine, id, streams, exit);

    public static Task<ProbeProcess> StartAsync(Container container, IReadOnlyList<string> command, CancellationToken cancel) =>
        StartAsync(container, ExecSpec.Of(container, new ExecSettings(command)), stdin: false, cancel);

    public static Task<ProbeProcess> StartAsync(Container container, RuntimeSpec spec, bool stdin, CancellationToken cancel)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return StartAsync(container.Engine, new KeptStart(id, container.Id, spec) { Exec = true, OpenStdin = stdin, StdinOnce = true }, null, null, cancel);
    }

    /// <summary>One that is no container's: with a root and mounts of its own.</summary>
    public static async Task<ProbeProcess> StartAsync(Engine engine, KeptStart start, SafeFileHandle? root, IReadOnlyDictionary<string, SafeHandle>? mounts, CancellationToken cancel)
    {
        var id = start.ProcessId;
        var exit = engine.Exits.Expect(id);
        var streams = await engine.Keeper.AttachAsync(id, start.OpenStdin, stdout: true, stderr: true, cancel);
        try
        {
            cancel.ThrowIfCancellationRequested();
            // As a container's: once asked, the keeper may have a process, which only its answer lets us forget again.
            await engine.Keeper.StartAsync(start, root, null, mounts, CancellationToken.None);
            return new ProbeProcess(engine, id, streams, exit);
        }
        catch
        {
            engine.Exits.Forget(id);
            await streams.DisposeAsync();
            throw;
        }
    }

    /// <summary>Its input and, in frames, its output.</summary>
    public KeptAttachment Streams => _streams;

    public Task<int> ExitAsync(CancellationToken cancel) => _exit.WaitAsync(cancel);

    /// <summary>What it writes until it ends; what is beyond <paramref name="bytesMax"/> is read and dropped, so that it is not held up.</summary>
    public async Task<string> ReadAsync(int bytesMax, CancellationToken cancel)
    {
        using var text = new MemoryStream();
        await OutputFrames.ReadAsync(_streams, (bytes, _) =>
        {
            text.Write(bytes.Span[..(int)Math.Min(bytes.Length, bytesMax - text.Length)]);
            return ValueTask.CompletedTask;
        }, cancel);
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await _streams.DisposeAsync();
        try
        {
            if (!_exit.IsCompleted) await _engine.Keeper.SignalAsync(_id, Kill);
            await _exit.WaitAsync(TimeSpan.FromSeconds(5));
            await _engine.Keeper.ForgetAsync(_id);
        }
        // A process that does not die is the container's trouble, and ends with it.
        catch (Exception error) when (error is Protocol.EngineException or TimeoutException) { }
        finally { _engine.Exits.Forget(_id); }
    }
}
