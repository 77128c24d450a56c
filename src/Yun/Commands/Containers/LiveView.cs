using Yun.Commands.Streams;
using Yun.DockerApi.Model;
using Yun.Linux;

namespace Yun.Commands.Containers;

/// <summary><c>yun top</c> on the whole terminal, which is as it was when this ends, however it ends.</summary>
internal sealed class LiveView(Session session) : IDisposable
{
    private const int RedrawMilliseconds = 500, TurnsBetweenLists = 4;
    // The other screen, without a cursor, and back.
    private const string Enter = "\e[?1049h\e[?25l", Leave = "\e[?25h\e[?1049l";
    private const string Home = "\e[H", EraseLine = "\e[K", EraseBelow = "\e[J", Reverse = "\e[7m", Plain = "\e[0m";
    private const int HeaderLine = 2;
    private const byte ControlC = 3;

    private readonly StatsFeed _feed = new(session, _ => { });
    private readonly WakeUp _wakeUp = new();
    private LiveOrder _order = LiveOrder.Cpu;
    private volatile bool _ended;

    public void Show()
    {
        using var raw = TerminalMode.MakeRaw(0);
        using var resized = OwnSignals.OnResize((_, _) => _wakeUp.Set());
        var ending = OwnSignals.Ending.Select(signal => OwnSignals.On(signal, End)).ToList();
        Draw(Enter);
        try
        {
            HashSet<string> running = [];
            for (var turn = 0; !_ended; turn++)
            {
                if (turn % TurnsBetweenLists == 0) running = Running();
                Draw(Picture([.. _feed.Latest.Where(container => running.Contains(container.Name))]));
                WaitForKeys();
            }
        }
        finally
        {
            Draw(Leave);
            ending.ForEach(registration => registration.Dispose());
        }
    }

    private HashSet<string> Running()
    {
        var names = session.Api.Get("/containers/json", DockerApiJson.Default.ListContainerSummary).ConvertAll(container => container.Id);
        _feed.Watch(names);
        return [.. names];
    }

    // Drawn over the last picture without clearing it first, which would flicker.
    private string Picture(List<(string Name, ContainerStats? Stats)> containers)
    {
        var (rows, columns) = TerminalMode.Size(1) ?? (24, Session.WidthDefault);
        var lines = LiveTable.Lines(containers, _order, rows, columns).Select((line, i) => i == HeaderLine ? Reverse + line.PadRight(columns) + Plain : line + EraseLine);
        return Home + string.Join("\r\n", lines) + EraseBelow;
    }

    private void Draw(string text)
    {
        session.Out.Write(text);
        session.Out.Flush();
    }

    private void WaitForKeys()
    {
        Span<PollEntry> entries = [new(0, PollEvents.Readable), new(_wakeUp.Handle.DangerousGetHandle().ToInt32(), PollEvents.Readable)];
        if (Poll.Wait(entries, RedrawMilliseconds) == 0) return;
        _wakeUp.Clear();
        if (entries[0].Happened == PollEvents.None) return;
        Span<byte> keys = stackalloc byte[32];
        var count = session.Input.Read(keys);
        if (count == 0) End();
        Take(keys[..count]);
    }

    private void Take(ReadOnlySpan<byte> keys)
    {
        // Arrows come as ESC [ C or, from keypads, ESC O C.
        if (keys is [(byte)'\e', (byte)'[' or (byte)'O', (byte)'C' or (byte)'D', ..])
        {
            var orders = Enum.GetValues<LiveOrder>().Length;
            _order = (LiveOrder)(((int)_order + (keys[2] == 'C' ? 1 : orders - 1)) % orders);
            return;
        }
        foreach (var key in keys)
        {
            if (key is (byte)'q' or ControlC) End();
            _order = key switch
            {
                (byte)'c' => LiveOrder.Cpu,
                (byte)'m' => LiveOrder.Memory,
                (byte)'n' => LiveOrder.Network,
                (byte)'b' => LiveOrder.BlockIo,
                (byte)'p' => LiveOrder.Processes,
                _ => _order,
            };
        }
    }

    private void End()
    {
        _ended = true;
        _wakeUp.Set();
    }

    public void Dispose() => _wakeUp.Dispose();
}
