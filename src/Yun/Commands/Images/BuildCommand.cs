using System.Text.Json;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.Commands.Format;
using Yun.DockerApi.Model;
using Yun.Node.Containers;

namespace Yun.Commands.Images;

/// <summary><c>yun build</c>: sends the context, and shows what the daemon says while it builds.</summary>
public sealed class BuildCommand : Command
{
    private readonly ListOption<string> _addHost, _arguments, _labels, _tags, _securityOpt;
    private readonly ListOption<BuildOutputOption> _cacheFrom, _cacheTo;
    private readonly ListOption<Ulimit> _ulimit;
    private readonly ListOption<BuildDestination> _output;
    private readonly ListOption<BuildSecret> _secrets;
    private readonly ListOption<BuildAgent> _agents;
    private readonly Setting<string?> _cgroupParent, _cpusetCpus, _cpusetMems, _file, _idFile, _isolation, _platform, _target;
    private readonly Setting<string> _network, _progress;
    private readonly Setting<long?> _cpuPeriod, _cpuQuota, _cpuShares, _memory, _memorySwap, _shmSize;
    private readonly Flag _compress, _forceRemove, _noCache, _pull, _quiet, _remove, _squash;

    public BuildCommand() : base("[OPTIONS] PATH | URL | -")
    {
        Examples =
        [
            ("build -t shop:1.0 .", "An image from the Dockerfile of this folder"),
            ("build -t shop:test -f test.Dockerfile --target test --build-arg VERSION=1.0 .", "One stage of another file, with an argument"),
        ];
        ArgumentsMin = ArgumentsMax = 1;
        _addHost = AddList("add-host", null, "Add a custom host-to-IP mapping (\"host:ip\")", NetworkArgument.CheckExtraHost);
        _arguments = AddList("build-arg", null, "Set build-time variables");
        _cacheFrom = Add(new ListOption<BuildOutputOption>("cache-from", null, "stringArray", "Images to consider as cache sources: IMAGE that is here, or type=registry,ref=IMAGE", text => [BuildCacheArgument.Parse(text)]));
        _cacheTo = Add(new ListOption<BuildOutputOption>("cache-to", null, "stringArray", "Push the result as a cache: type=registry,ref=IMAGE[,mode=max]; type=inline is always so", text => [BuildCacheArgument.ParseTarget(text)]));
        _cgroupParent = AddText("cgroup-parent", null, "Set the parent cgroup for the \"RUN\" instructions during build");
        _compress = AddFlag("compress", null, "Compress the build context using gzip");
        _cpuPeriod = AddNumber("cpu-period", null, "Limit the CPU CFS (Completely Fair Scheduler) period");
        _cpuQuota = AddNumber("cpu-quota", null, "Limit the CPU CFS (Completely Fair Scheduler) quota");
        _cpuShares = AddNumber("cpu-shares", 'c', "CPU shares (relative weight)");
        _cpusetCpus = AddText("cpuset-cpus", null, "CPUs in which to allow execution (0-3, 0,1)");
        _cpusetMems = AddText("cpuset-mems", null, "MEMs in which to allow execution (0-3, 0,1)");
        AddFlag("disable-content-trust", null, "Skip image verification", value: true);
        _file = AddText("file", 'f', "Name of the Dockerfile (Default is \"PATH/Dockerfile\")");
        _forceRemove = AddFlag("force-rm", null, "Always remove intermediate containers");
        _idFile = AddText("iidfile", null, "Write the image ID to the file");
        _isolation = AddText("isolation", null, "Container isolation technology");
        _labels = AddList("label", null, "Set metadata for an image");
        _memory = AddBytes("memory", 'm', "Memory limit");
        _memorySwap = Add(ResourceArguments.MemorySwap("Swap limit equal to memory plus swap: -1 to enable unlimited swap"));
        _network = AddText("network", null, "Set the networking mode for the RUN instructions during build", "default", "string");
        _noCache = AddFlag("no-cache", null, "Do not use cache when building the image");
        _output = Add(new ListOption<BuildDestination>("output", 'o', "stringArray", "Also put the result there: a folder, or type=local|tar|docker|oci,dest=PATH", text => [BuildDestination.Parse(text)]));
        _platform = AddText("platform", null, "Build for this platform, or for each of several (linux/amd64,linux/arm64)");
        _progress = AddText("progress", null, "How to show the build: auto, plain, or tty for a live line for each running step", "auto", "string");
        _pull = AddFlag("pull", null, "Always attempt to pull a newer version of the image");
        _quiet = AddFlag("quiet", 'q', "Suppress the build output and print image ID on success");
        _remove = AddFlag("rm", null, "Remove intermediate containers after a successful build", value: true);
        _secrets = Add(new ListOption<BuildSecret>("secret", null, "stringArray", "Hand a secret to RUN --mount=type=secret: id=ID[,src=PATH|,env=NAME]", text => [BuildSecret.Parse(text)]));
        _securityOpt = AddStrings("security-opt", null, "Security options");
        _shmSize = AddBytes("shm-size", null, "Size of \"/dev/shm\"");
        _squash = AddFlag("squash", null, "Squash newly built layers into a single new layer");
        _agents = Add(new ListOption<BuildAgent>("ssh", null, "stringArray", "Let RUN --mount=type=ssh speak with an SSH agent: default or ID=SOCKET, or have keys: ID=FILE[,FILE...]", text => [BuildAgent.Parse(text)]));
        _tags = AddList("tag", 't', "Name and optionally a tag in the \"name:tag\" format", text => ImageArgument.Parse(text) is not null ? text : "");
        _target = AddText("target", null, "Set the target build stage to build.");
        _ulimit = Add(new ListOption<Ulimit>("ulimit", null, "ulimit", "Ulimit options", text => [ResourceArguments.ParseUlimit(text)]) { DefaultText = "[]" });
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        foreach (var destination in _output.Values) destination.Check();
        if (_platform.Value?.Contains(',', StringComparison.Ordinal) == true && _output.Values.Any(destination => destination.Type is not "oci" || _tags.Values.Count == 0))
            throw new OptionException("what is built for several platforms is put elsewhere as type=oci only, with a name (--tag)");
        var told = _output.Values.Any(destination => destination.Path == BuildDestination.StandardOutput) ? session.Error : session.Out;
        using var context = BuildContext.Open(session.Input, arguments[0], _file.Value);
        if (_idFile.Value is { } stale) File.Delete(stale);
        if (_progress.Value is not ("auto" or "plain" or "tty")) throw new OptionException($"invalid argument \"{_progress.Value}\" for \"--progress\": expected auto, plain or tty");
        var isLive = !_quiet && _progress.Value != "plain" && (_progress.Value == "tty" || (told == session.Out && session.OutputIsTerminal));
        var query = ToQuery(context).Add("handout", HandOut(session)).Add("steps", isLive ? "1" : null);
        // The daemon's answer to the whole context can only come after this line.
        Action<Stream>? upload = context.Remote is not null ? null : body =>
        {
            var counting = new CountingStream(body);
            context.Write(counting, _compress);
            if (_quiet) return;
            told.WriteLine($"Sending build context to Yun daemon  {HumanSize.Decimal(counting.Count)}");
            told.Flush();
        };
        using var response = session.Api.Send("POST", "/build" + query, upload: upload, contentType: "application/x-tar", headers: session.Configuration.AllAuthHeader());
        string? id = null;
        using var text = new StringWriter();
        using var live = new BuildDisplay(told, () => session.Width);
        var display = new ProgressDisplay(_quiet ? text : told, !_quiet && told == session.Out && session.OutputIsTerminal);
        try
        {
            if (isLive) live.Show(response, Note);
            else display.Show(response, Note);
        }
        catch (FailureException) when (_quiet)
        {
            session.Error.Write(text.ToString());
            throw;
        }
        if (_quiet) told.Write(text.ToString() is { Length: > 0 } said ? said : id + "\n");
        void Note(JsonElement aux) => id = aux.TryGetProperty("ID", out var made) ? made.GetString() : id;

        if (_idFile.Value is { } idFile) File.WriteAllText(idFile, id ?? throw new FailureException("server did not provide an image ID. Cannot write " + idFile));
        foreach (var destination in _output.Values) destination.Take(session, id ?? throw new FailureException("server did not provide an image ID. Cannot write its output"), _tags.Values);
        return 0;
    }

    /// <summary>Gives the daemon what this build alone may have, before it is asked for.</summary>
    private string? HandOut(Session session)
    {
        if (_secrets.Values.Count == 0 && _agents.Values.Count == 0) return null;
        foreach (var agent in _agents.Values) agent.Check();
        var request = new BuildHandoutRequest { Agents = [.. _agents.Values.Select(agent => agent.Id)] };
        foreach (var secret in _secrets.Values) request.Secrets[secret.Id] = secret.Read();
        using var response = session.Api.Post("/yun/v1/build/handouts", request, DockerApiJson.Default.BuildHandoutRequest);
        var id = response.Read(DockerApiJson.Default.BuildHandoutResponse).Id;
        foreach (var agent in _agents.Values) agent.Offer(session.Api, id);
        return id;
    }

    private Query ToQuery(BuildContext context) => new Query()
        .Add("dockerfile", context.Dockerfile)
        .Add("remote", context.Remote)
        .AddEach("t", _tags.Values)
        .Add("q", _quiet)
        .Add("nocache", _noCache)
        .Add("pull", _pull)
        .Add("rm", _remove ? "1" : "0")
        .Add("forcerm", _forceRemove)
        .Add("squash", _squash)
        .Add("target", _target.Value)
        .Add("platform", _platform.Value ?? Environment.GetEnvironmentVariable("DOCKER_DEFAULT_PLATFORM"))
        .Add("networkmode", _network.Value)
        .Add("buildargs", BuildArguments())
        .Add("labels", KeyValue.ToMap(_labels.Values) is { } labels ? JsonSerializer.Serialize(labels, DockerApiJson.Default.DictionaryStringString) : null)
        .Add("cachefrom", _cacheFrom.Values.Select(from => from.Attrs?.GetValueOrDefault("ref")).OfType<string>().ToList() is { Count: > 0 } from ? JsonSerializer.Serialize(from, DockerApiJson.Default.ListString) : null)
        .Add("pullcache", _cacheFrom.Values.Any(one => one.Type == "registry"))
        .Add("cacheto", _cacheTo.Values.Where(one => one.Type == "registry").ToList() is { Count: > 0 } to ? JsonSerializer.Serialize(to, DockerApiJson.Default.ListBuildOutputOption) : null)
        .Add("securityopt", _securityOpt.OrNull() is { } security ? JsonSerializer.Serialize(security, DockerApiJson.Default.ListString) : null)
        .Add("ulimits", _ulimit.OrNull() is { } ulimits ? JsonSerializer.Serialize(ulimits, DockerApiJson.Default.ListUlimit) : null)
        .AddEach("extrahosts", _addHost.Values)
        .Add("cgroupparent", _cgroupParent.Value)
        .Add("cpuperiod", _cpuPeriod.Value)
        .Add("cpuquota", _cpuQuota.Value)
        .Add("cpushares", _cpuShares.Value)
        .Add("cpusetcpus", _cpusetCpus.Value)
        .Add("cpusetmems", _cpusetMems.Value)
        .Add("memory", _memory.Value)
        .Add("memswap", _memorySwap.Value)
        .Add("shmsize", _shmSize.Value)
        .Add("isolation", _isolation.Value)
        .Add("version", "1");

    // A name without a value takes the caller's; null tells the daemon that the caller has none either.
    private string? BuildArguments()
    {
        if (_arguments.Values.Count == 0) return null;
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var (name, text) in _arguments.Values.Select(a => (KeyValue.Parse(a).Key, a)).GroupBy(a => a.Key).Select(g => g.Last()))
            {
                writer.WriteString(name, text.Contains('=', StringComparison.Ordinal) ? KeyValue.Parse(text).Value : Environment.GetEnvironmentVariable(name));
            }
            writer.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }
}
