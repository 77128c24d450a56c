using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>A test that drives the shared daemon by Compose. Its projects are taken down afterwards, whatever happened.</summary>
public abstract class ComposeTest(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private readonly List<ComposeProject> _projects = [];

    /// <summary>Debian's docker-compose 1.29, in Python, and the docker client's plugin.</summary>
    public static TheoryData<string> Generations => ["1", "2"];

    /// <summary>A project made of these files, in a folder of its own.</summary>
    protected ComposeProject Project(string generation, params string[] files)
    {
        var folder = Folder();
        CopyFiles(Path.Combine(Repository.Root, "tests", "Yun.Tests", "Clients", "Compose"), folder);
        var project = new ComposeProject(generation, Docker, folder.Path, Name("compose"), files).OrSkip();
        _projects.Add(project);
        return project;
    }

    /// <summary>What the engine still has of a project: containers, networks and volumes.</summary>
    protected async Task<string> LeftOfAsync(ComposeProject project)
    {
        var label = $"label=com.docker.compose.project={project.Name}";
        return (await Docker.TextAsync("ps", "-aq", "--filter", label)) + (await Docker.TextAsync("network", "ls", "-q", "--filter", label)) + (await Docker.TextAsync("volume", "ls", "-q", "--filter", label));
    }

    private static void CopyFiles(string from, ScratchFolder to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            to.Write(Path.GetRelativePath(from, file), File.ReadAllText(file));
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var project in _projects)
            await project.RunAsync("down", "-v", "--remove-orphans", "-t", "0");
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
