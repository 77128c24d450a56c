namespace Yun.Tests.EndToEnd;

/// <summary>A test that drives the shared daemon. Containers, images and volumes with a name from <see cref="Name"/> are removed afterwards.</summary>
public abstract class EndToEndTest(DaemonFixture fixture) : IAsyncLifetime
{
    private static int s_names;
    private readonly List<string> _names = [];

    protected Daemon Daemon { get; private set; } = null!;

    /// <summary>The stock client.</summary>
    protected Client Docker => Daemon.Docker;

    /// <summary>Both command lines: what works with one must work with the other.</summary>
    public static TheoryData<string> Clients => ["docker", "yun"];

    public virtual async ValueTask InitializeAsync() => Daemon = await fixture.StartedAsync();

    /// <summary>A name that no other test has.</summary>
    protected string Name(string stem = "test")
    {
        var name = $"{stem}-{Interlocked.Increment(ref s_names)}-{Random.Shared.Next(0x10000):x4}";
        _names.Add(name);
        return name;
    }

    /// <summary>A folder with these files, gone after the test.</summary>
    protected ScratchFolder Folder(params (string Path, string Text)[] files)
    {
        var folder = new ScratchFolder(files);
        _folders.Add(folder);
        return folder;
    }

    private readonly List<ScratchFolder> _folders = [];

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var folder in _folders)
            folder.Dispose();
        if (_names.Count == 0)
            return;
        await Docker.RunAsync(["rm", "-fv", .. _names]);
        foreach (var kind in new[] { "image", "volume" })
            await Docker.RunAsync([kind, "rm", "-f", .. _names]);
    }
}
