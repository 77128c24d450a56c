using System.Diagnostics;

namespace Yun.Commands.Bench;

/// <summary>Asks a server for one page, as a client that waits until it is there, or as several that ask as fast as they are answered.</summary>
internal sealed class HttpLoad(Uri page) : IDisposable
{
    private static readonly TimeSpan s_attemptMax = TimeSpan.FromSeconds(5), s_pause = TimeSpan.FromMilliseconds(1);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = s_attemptMax, AllowAutoRedirect = false }) { Timeout = s_attemptMax };

    /// <summary>Until there is an answer, whatever it says.</summary>
    /// <returns>False when there was none in time, or <paramref name="isOver"/> says that there will be none.</returns>
    public async Task<bool> AwaitAnswerAsync(TimeSpan max, Func<bool> isOver)
    {
        var waiting = Stopwatch.StartNew();
        for (var attempt = 1; ; attempt++)
        {
            if (await TryAskAsync()) return true;
            if (waiting.Elapsed > max || (attempt % 100 == 0 && isOver())) return false;
            await Task.Delay(s_pause);
        }
    }

    /// <summary>How many answers came in a second.</summary>
    public async Task<double> AnswersPerSecondAsync(int clients, TimeSpan duration)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var count = 0;
            while (watch.Elapsed < duration)
                if (await TryAskAsync()) count++;
            return count;
        }));
        return counts.Sum() / watch.Elapsed.TotalSeconds;
    }

    public void Dispose() => _client.Dispose();

    private async Task<bool> TryAskAsync()
    {
        try
        {
            using var answer = await _client.GetAsync(page);
            await answer.Content.CopyToAsync(Stream.Null);
            return true;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException) { return false; }
    }
}
