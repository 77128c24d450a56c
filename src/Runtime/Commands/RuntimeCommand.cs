using Yun.Linux;
using Yun.Protocol;
using Yun.Runtime.Compile;

namespace Yun.Runtime.Commands;

/// <summary>The command line: global options, a command, its options and arguments, as runc takes them.</summary>
internal static class RuntimeCommand
{
    private const string Usage = """
        Usage: yun-runtime [--root DIR] [--log FILE] [--log-format text|json] [--criu FILE] COMMAND [OPTIONS] [ARGUMENTS]

        run ID        make and start a container from a bundle, and wait for it
        create ID     make a container that waits for start
        start ID      let a created container's program begin
        state ID      print a container's state as JSON
        list          print the containers
        exec ID ...   run one more process in a running container
        kill ID SIG   send a signal to a container's first process
        pause ID      stop all processes of a container
        resume ID     let them go on
        ps ID         print the pids of a container's processes
        delete ID     remove a stopped container; --force kills it first
        update ID     change a container's resource limits
        checkpoint ID write a running container to files, by CRIU, and end it
        restore ID    make a container that goes on from there
        events ID     print what a container uses, once or again and again
        plan          print the system calls that would start the bundle's container
        spec          write a default config.json; --profile strict: with the values of docs/hardening.md
        features      print what this runtime can do, as JSON
        keep          be the parent of a daemon's containers

        """;

    private const int ExecFailed = 255;

    public static int Run(string[] arguments)
    {
        var line = new CommandLine(arguments);
        var log = ErrorLog.Standard;
        string? command = null;
        try
        {
            var settings = RuntimeSettings.Parse(line);
            log = settings.Log;
            command = line.Next();
            if (line.AsksForHelp)
            {
                if (command is not null && !Usage.Contains($"\n{command} ", StringComparison.Ordinal)) throw new UsageException($"No help topic for '{command}'");
                return Say(Usage, 0);
            }
            return command switch
            {
                "run" => RunCommand.Run(line, settings),
                "create" => CreateCommand.Run(line, settings),
                "start" => StartCommand.Run(line, settings),
                "state" => StateCommand.Run(line, settings),
                "list" => ListCommand.Run(line, settings),
                "exec" => ExecCommand.Run(line, settings),
                "kill" => KillCommand.Run(line, settings),
                "pause" => FreezeCommand.Run(line, settings, frozen: true),
                "resume" => FreezeCommand.Run(line, settings, frozen: false),
                "ps" => PsCommand.Run(line, settings),
                "delete" => DeleteCommand.Run(line, settings),
                "update" => UpdateCommand.Run(line, settings),
                "events" => EventsCommand.Run(line, settings),
                "plan" => PlanCommand.Run(line),
                "spec" => SpecCommand.Run(line),
                "features" => FeaturesCommand.Run(settings),
                "checkpoint" => Checkpoints.CheckpointCommand.Run(line, settings),
                "restore" => Checkpoints.RestoreCommand.Run(line, settings),
                "keep" => Keep.KeepCommand.Run(line),
                "--version" or "-v" => Version(),
                "--help" or "-h" or "help" => Say(Usage, 0),
                null => Say(Usage, 1),
                var other => throw new UsageException($"'{other}' is not a command; see yun-runtime --help"),
            };
        }
        catch (Exception error) when (error is UsageException or SpecException or LaunchException or SyscallException or EngineException or InvalidOperationException or ArgumentException)
        {
            log.Write(error.Message);
            // runc's: below 255 is the program's own exit status.
            if (command == "exec") return ExecFailed;
            return error is LaunchException { IsProgramFault: true, Errno: Errno.ENOENT } ? 127 : error is LaunchException { IsProgramFault: true } ? 126 : 1;
        }
    }

    private static int Version()
    {
        Output.Write($"yun-runtime version {typeof(RuntimeCommand).Assembly.GetName().Version?.ToString(3)}\nspec: {StateDocument.OciVersion}\n");
        return 0;
    }

    private static int Say(string text, int code)
    {
        if (code == 0) Output.Write(text);
        else Output.WriteError(text);
        return code;
    }
}

/// <summary>The command line was wrong; the text says what to write instead.</summary>
internal sealed class UsageException(string message) : Exception(message);
