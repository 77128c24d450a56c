using System.Security.Cryptography;
using System.Text;
using Yun.Node.Containers.Spec;
using Yun.Node.Keeper;
using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>A short process in a container whose output is wanted as text. Disposing of it kills it if it still runs.</summary>
internal sealed class ProbeProcess : IAsyncDisposable
{
    private const int Kill = 9;
    private readonly Engine _engine;
    private readonly string _id;
    private readonly KeptAttachment _output;
    private readonly Task<int> _exit;

    private ProbeProcess(Engine engine, string id, KeptAttachment output, Task<int> exit) => (_engine, _id, _output, _exit) = (engine, id, output, exit);

    public static Task<ProbeProcess> StartAsync(Container container, IReadOnlyList<string> command, CancellationToken cancel) =>
        StartAsync(container, ExecSpec.Of(container, new ExecSettings(command)), cancel);

    public static async Task<ProbeProcess> StartAsync(Container container, RuntimeSpec spec, CancellationToken cancel)
    {
        var engine = container.Engine;
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var exit = engine.Exits.Expect(id);
        var output = await engine.Keeper.AttachAsync(id, stdin: false, stdout: true, stderr: true, cancel);
        try
        {
            cancel.ThrowIfCancellationRequested();
            // As a container's: once asked, the keeper may have a process, which only its answer lets us forget again.
            await engine.Keeper.StartAsync(new KeptStart(id, container.Id, spec) { Exec = true }, null, null, cancel: CancellationToken.None);
            return new ProbeProcess(engine, id, output, exit);
        }
        catch
        {
            engine.Exits.Forget(id);
            await output.DisposeAsync();
            throw;
        }
    }

    public Task<int> ExitAsync(CancellationToken cancel) => _exit.WaitAsync(cancel);

    /// <summary>What it writes until it ends; what is beyond <paramref name="bytesMax"/> is read and dropped, so that it is not held up.</summary>
    public async Task<string> ReadAsync(int bytesMax, CancellationToken cancel)
    {
        using var text = new MemoryStream();
        await OutputFrames.ReadAsync(_output, (bytes, _) =>
        {
            text.Write(bytes.Span[..(int)Math.Min(bytes.Length, bytesMax - text.Length)]);
            return ValueTask.CompletedTask;
        }, cancel);
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await _output.DisposeAsync();
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
