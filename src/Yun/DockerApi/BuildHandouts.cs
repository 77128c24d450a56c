using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.HttpResults;
using Yun.BuildKit;
using Yun.DockerApi.Model;
using Yun.DockerApi.Streams;
using Yun.Node;
using Yun.Node.Builds;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>
/// Yun's own: secrets and SSH agents for a build by <c>POST /build</c>, where Docker's classic protocol has none. The client hands them out first, and names the handout in its request. They are
/// kept in memory, until that build ends or for some minutes when it never begins.
/// </summary>
internal sealed class BuildHandouts(TimeProvider time)
{
    private static readonly TimeSpan s_keptMax = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, BuildHandout> _all = new();

    /// <returns>What the build's request calls it.</returns>
    public string Add(BuildHandout handout)
    {
        foreach (var (old, forgotten) in _all)
            if (!forgotten.IsUsed && time.GetUtcNow() - forgotten.Made > s_keptMax) Remove(old);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        handout.Made = time.GetUtcNow();
        _all[id] = handout;
        return id;
    }

    /// <exception cref="EngineException">There is none of that name.</exception>
    public BuildHandout Get(string id) => _all.GetValueOrDefault(id) ?? throw new EngineException(ErrorKind.NotFound, "What the build was to be given, secrets or an agent, is not here any more: begin it again.");

    public void Remove(string id)
    {
        if (_all.TryRemove(id, out var handout)) handout.Dispose();
    }
}

/// <summary>What one client hands out to one build.</summary>
/// <param name="agents">The ids of the agents that it has.</param>
internal sealed class BuildHandout(IReadOnlyDictionary<string, byte[]> secrets, IReadOnlyList<string> agents) : IBuildSecrets, IDisposable
{
    private readonly Dictionary<string, Channel<OfferedConnection>> _agents = agents.Distinct().ToDictionary(id => id, _ => Channel.CreateUnbounded<OfferedConnection>());

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DateTimeOffset Made { get; set; }

    public bool IsUsed { get; set; }

    public Task<byte[]?> FindAsync(string id, CancellationToken cancel) => Task.FromResult(secrets.GetValueOrDefault(id));

    public Task<bool> HasAgentAsync(string id, CancellationToken cancel) => Task.FromResult(_agents.ContainsKey(id));

    /// <summary>Takes a connection that the client holds ready, and waits until there is one.</summary>
    public async Task<Stream> ConnectAgentAsync(string id, CancellationToken cancel) => await _agents[id].Reader.ReadAsync(cancel);

    /// <summary>Offers a connection to an agent, and returns when it has been used or is of no use any more.</summary>
    public async Task OfferAsync(string id, HijackedConnection connection)
    {
        if (!_agents.TryGetValue(id, out var waiting)) throw new EngineException(ErrorKind.NotFound, $"no SSH agent \"{id}\" was announced");
        await using var offered = new OfferedConnection(new PipesStream(connection.Input, connection.Output));
        if (waiting.Writer.TryWrite(offered)) await Task.WhenAny(offered.Used, _ended.Task).WaitAsync(connection.Ended);
    }

    public void Dispose()
    {
        foreach (var agent in _agents.Values) agent.Writer.TryComplete();
        foreach (var secret in secrets.Values) CryptographicOperations.ZeroMemory(secret);
        _ended.TrySetResult();
    }
}

/// <summary>A client's connection, until whoever has taken it disposes of it.</summary>
internal sealed class OfferedConnection(Stream stream) : Stream
{
    private readonly TaskCompletionSource _used = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it was disposed of.</summary>
    public Task Used => _used.Task;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => stream.ReadAsync(buffer, cancellationToken);
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => stream.WriteAsync(buffer, cancellationToken);
    public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);
    public override void Flush() => stream.Flush();
    public override int Read(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);
    public override void Write(byte[] buffer, int offset, int count) => stream.Write(buffer, offset, count);
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _used.TrySetResult();
        base.Dispose(disposing);
    }
}

public static class BuildHandoutRoutes
{
    public static void MapBuildHandouts(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/yun/v1/build/handouts", AddAsync);
        routes.MapPost("/yun/v1/build/handouts/{id}/agents/{agent}", OfferAsync);
    }

    private static async Task<JsonHttpResult<BuildHandoutResponse>> AddAsync(HttpContext context, BuildHandouts handouts)
    {
        var request = await context.ReadBodyAsync(DockerApiJson.Default.BuildHandoutRequest);
        return TypedResults.Json(new BuildHandoutResponse { Id = handouts.Add(new BuildHandout(request.Secrets, request.Agents)) }, DockerApiJson.Default.BuildHandoutResponse);
    }

    private static async Task OfferAsync(string id, string agent, HttpContext context, BuildHandouts handouts)
    {
        var handout = handouts.Get(id);
        using var connection = await HijackedConnection.TakeAsync(context, tty: true);
        try { await handout.OfferAsync(agent, connection); }
        catch (OperationCanceledException) { /* The client is gone. */ }
    }
}
