using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>ps ID [OPTIONS]</c>: a container's processes as the machine's ps(1) shows them, with its options (<c>-ef</c>), or with <c>--format json</c> their pids, as the host counts them.</summary>
internal static class PsCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var json = false;
        line.Options((name, value) =>
        {
            if (name is not ("--format" or "-f")) return false;
            json = OutputFormat.IsJson(value());
            return true;
        });
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        var options = line.Rest();
        HashSet<int> processes = [.. Cgroup.At(state.CgroupPath).AllProcesses()];
        if (json) WriteJson(processes);
        else WriteTable(processes, options);
        return 0;
    }

    private static void WriteJson(HashSet<int> processes)
    {
        var writer = new JsonWriter();
        writer.WriteStartArray();
        foreach (var pid in processes) writer.WriteNumberValue((ulong)pid);
        writer.WriteEndArray();
        Output.Write(writer + "\n");
    }

    private static void WriteTable(HashSet<int> processes, List<string> options)
    {
        var lines = Table([ProgramPath.Find("ps") ?? throw new UsageException("ps is not on PATH; --format json needs none"), .. options.Count > 0 ? options : ["-ef"]]);
        var column = Array.IndexOf(Words(lines[0]), "PID");
        if (column < 0) throw new UsageException("ps printed no column PID with these options, and without it nobody can tell whose processes they are");
        Output.Write(lines[0] + "\n");
        foreach (var text in lines.AsSpan(1))
            if (Words(text) is var words && words.Length > column && int.TryParse(words[column], out var pid) && processes.Contains(pid)) Output.Write(text + "\n");
    }

    private static string[] Table(List<string> command)
    {
        using var output = new Pipe();
        using var none = PathDescriptor.Open(null, "/dev/null", OpenFlags.ReadOnly);
        using var errors = new SafeFileHandle(2, ownsHandle: false);
        using var process = ProcessSpawn.Start(command, ["PATH=/usr/bin:/bin"], none, output.Write, errors);
        output.Write.Dispose();
        var text = new MemoryStream();
        var piece = new byte[16 << 10];
        while (Pipe.ReadSome(output.Read, piece) is var count and > 0) text.Write(piece, 0, count);
        var lines = System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var code = ProcessDescriptor.Wait(process).Code;
        return code == 0 && lines.Length > 0 ? lines : throw new UsageException($"{string.Join(' ', command)} ended with status {code}");
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
