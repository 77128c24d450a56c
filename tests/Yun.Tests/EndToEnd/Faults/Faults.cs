using System.Buffers.Binary;

namespace Yun.Tests.EndToEnd;

/// <summary>Makes one chosen system call of a daemon fail, or kills the daemon at it (<c>faults.c</c>).</summary>
internal sealed class Faults : IDisposable
{
    private const int KillsIt = -1;

    private readonly ScratchFolder _folder = new();
    private readonly string _watched, _calls;

    /// <param name="watched">Calls on descriptors count when their file is below it.</param>
    /// <param name="calls">The names of the calls that count, with <c>create</c> for an open that may make the file.</param>
    public Faults(string watched, params string[] calls)
    {
        (_watched, _calls) = (watched, string.Join(',', calls));
        var source = Path.Combine(Repository.Root, "tests", "Yun.Tests", "EndToEnd", "Faults", "faults.c");
        new Command("gcc", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", _folder["faults"], source).RunAsync().GetAwaiter().GetResult().Succeeded();
    }

    public string[] CommandLine => [_folder["faults"], _folder["control"], _watched, _calls];

    /// <summary>How many calls were counted since the last fault was set.</summary>
    public long Counted => Read(3);

    /// <summary>How many calls were not made since then.</summary>
    public long Done => Read(4);

    /// <summary>From here on calls are counted, and nothing is done to them.</summary>
    public void Count() => Set(long.MaxValue, 0);

    public void KillAt(long number) => Set(number, KillsIt);

    /// <param name="times">How many calls fail from the one with that number on.</param>
    public void FailAt(long number, int errno, long times = 1) => Set(number, errno, times);

    public void Off() => Set(0, 0);

    public bool IsDisposed { get; private set; }

    public void Dispose()
    {
        IsDisposed = true;
        _folder.Dispose();
    }

    private void Set(long at, long action, long times = 1)
    {
        Write(0, 0);
        Write(1, times);
        Write(2, action);
        Write(3, 0);
        Write(4, 0);
        Write(0, at);
    }

    private long Read(int field)
    {
        using var file = File.Open(_folder["control"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[8];
        file.Position = field * 8;
        file.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    private void Write(int field, long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        using var file = File.Open(_folder["control"], FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Position = field * 8;
        file.Write(bytes);
    }
}
