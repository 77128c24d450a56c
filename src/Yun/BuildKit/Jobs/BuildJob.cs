using System.Threading.Channels;
using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Node.Builds;
using RpcStatus = Yun.BuildKit.Protos.Status;

namespace Yun.BuildKit;

/// <summary>
/// One build as a client sees it: it is asked for, driven and watched by calls of its own, which come in any order and name it by the same reference.
/// </summary>
internal sealed class BuildJob(string reference) : IDisposable
{
    private readonly Channel<StatusResponse> _news = Channel.CreateUnbounded<StatusResponse>();
    private readonly TaskCompletionSource<string> _session = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ReturnedResult> _returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, BuiltImage> _results = [];
    private readonly Lock _lock = new();
    private bool _ended;

    public string Reference => reference;

    /// <summary>What is being built and where it went wrong.</summary>
    public JobSource Source { get; } = new();

    /// <summary>What there is to show. Ends with the job.</summary>
    public ChannelReader<StatusResponse> News => _news.Reader;

    public void Tell(StatusResponse news) => _news.Writer.TryWrite(news);

    public void SetSession(string id) => _session.TrySetResult(id);

    /// <summary>The session of the client that asked for the build.</summary>
    public Task<string> SessionAsync(CancellationToken cancel) => _session.Task.WaitAsync(cancel);

    public void Return(ReturnedResult result) => _returned.TrySetResult(result);

    /// <summary>What the client, which drives the build itself, wants exported.</summary>
    public Task<ReturnedResult> ReturnedAsync(CancellationToken cancel) => _returned.Task.WaitAsync(cancel);

    /// <summary>Keeps the image until the job ends.</summary>
    /// <returns>What the client may call it.</returns>
    public string Keep(BuiltImage built)
    {
        lock (_lock)
        {
            if (_ended) built.Dispose();
            var id = $"{reference}-{_results.Count}";
            _results.Add(id, built);
            return id;
        }
    }

    public BuildProduct? Find(string id)
    {
        lock (_lock) return _results.GetValueOrDefault(id)?.Product;
    }

    /// <summary>Does work whose steps are shown to the client.</summary>
    public async Task ShowAsync(Func<BuildOutput, Task> work)
    {
        var output = new BuildOutput();
        var telling = new BuildReport(this).TellAsync(output);
        try { await work(output); }
        finally
        {
            output.Complete();
            await telling;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            foreach (var result in _results.Values) result.Dispose();
        }
        _news.Writer.TryComplete();
    }
}

/// <summary>A result that stays while somebody may still ask for it.</summary>
internal sealed record BuiltImage(BuildProduct Product, ImageLease Lease) : IDisposable
{
    public void Dispose() => Lease.Dispose();
}

/// <param name="Id">What of the job's results is wanted; empty for none.</param>
/// <param name="Failure">Why there is nothing, in the words of the one who drove the build; null when all went well.</param>
internal sealed record ReturnedResult(string Id, RpcStatus? Failure);

/// <summary>The Dockerfile of a job.</summary>
internal sealed class JobSource
{
    public string? FileName { get; set; }
    public string Text { get; set; } = "";

    /// <summary>Where the instruction that failed begins; 0 when none has.</summary>
    public int FailedLine { get; set; }
}
