using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Registries;

namespace Yun.Commands;

/// <summary><c>yun</c> as a client: finds the command, reads its options, runs it, and turns what went wrong into Docker's words and exit codes.</summary>
public static class YunProgram
{
    private const int UsageError = 125;
    private const int BrokenPipe = 141;

    public static int Run(IReadOnlyList<string> texts)
    {
        var options = new GlobalOptions();
        List<string> words;
        try
        {
            words = OptionParser.Parse(options.All, texts, stopAtFirstArgument: true);
        }
        catch (HelpRequested)
        {
            words = ["help"];
        }
        catch (OptionException error)
        {
            Console.Error.Write($"{error.Message}\n\nUsage:  {CommandTree.Program} [OPTIONS] COMMAND [ARG...]\n\nRun '{CommandTree.Program} --help' for more information\n");
            return UsageError;
        }
        try
        {
            using var session = options.Open();
            return options.Version ? VersionLine(session) : Dispatch(session, options, words);
        }
        catch (Exception error) when (error is OptionException or ConnectException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
        catch (IOException error) when (error.InnerException is Linux.SyscallException { Errno: Linux.Errno.EPIPE })
        {
            return BrokenPipe;
        }
    }

    private static int VersionLine(Session session)
    {
        session.Out.WriteLine($"Yun version {ProductVersion.Text}");
        return 0;
    }

    private static int Dispatch(Session session, GlobalOptions options, List<string> words)
    {
        if (words is ["__complete", .. var typed])
        {
            foreach (var candidate in Completion.Candidates(session, typed)) session.Out.WriteLine(candidate);
            return 0;
        }
        if (words is ["__manual"])
        {
            session.Out.Write(ManualPage.Of(options.All));
            return 0;
        }
        var helpAsked = words is ["help", ..];
        if (helpAsked) words.RemoveAt(0);
        if (words.Count == 0)
        {
            session.Out.Write(Help.OfProgram(options.All, session.Width - 1));
            return 0;
        }
        if (CommandTree.Find(words) is not { } found) return WithoutCommand(session, words);
        var command = found.Entry.Make();
        var rest = words.Skip(found.Path.Count(c => c == ' ') + 1).ToList();
        if (!helpAsked) return Invoke(session, found.Entry, found.Path, command, rest);
        session.Out.Write(Help.Of(found.Entry, command, found.Path, session.Width - 1));
        return 0;
    }

    // A group and nothing more, or a word that no command has.
    private static int WithoutCommand(Session session, List<string> words)
    {
        var known = 0;
        while (known < words.Count && CommandTree.Next(words.Take(known + 1)).Count > 0) known++;
        var group = string.Join(' ', words.Take(known));
        if (known > 0 && (known == words.Count || words[known] is "--help" or "-h" or "help"))
        {
            session.Out.Write(Help.OfGroup(group, CommandTree.Groups.First(g => g.Name == group).Summary));
            return 0;
        }
        var called = known == 0 ? CommandTree.Program : $"{CommandTree.Program} {group}";
        var meant = DidYouMean.Line(words[known], CommandTree.Next(words.Take(known)), called + " ");
        var usage = known == 0 ? "" : $"Usage:  {called}\n\n";
        session.Error.Write($"{CommandTree.Program}: unknown command: {called} {words[known]}{meant}\n\n{usage}Run '{called} --help' for more information\n");
        return 1;
    }

    private static int Invoke(Session session, CommandEntry entry, string path, Command command, List<string> texts)
    {
        var called = $"{CommandTree.Program} {path}";
        try
        {
            var arguments = OptionParser.Parse(command.Options, texts, command.StopsAtFirstArgument);
            if (WrongCount(called, command, arguments.Count) is { } wrong)
            {
                session.Error.Write($"{CommandTree.Program}: {wrong}\n\nUsage:  {Help.UsageOf(command, path)}\n\n");
                session.Error.Write($"{(wrong.Contains("at least", StringComparison.Ordinal) ? "See" : "Run")} '{called} --help' for more information\n");
                return 1;
            }
            return command.Run(session, arguments);
        }
        catch (HelpRequested)
        {
            session.Out.Write(Help.Of(entry, command, path, session.Width - 1));
            return 0;
        }
        catch (OptionException error)
        {
            session.Error.Write($"{error.Message}\n\nUsage:  {Help.UsageOf(command, path)}\n\nRun '{called} --help' for more information\n");
            return UsageError;
        }
        catch (Exception error) when (error is FailureException or ApiException or ConnectException or UnauthorizedAccessException
            or IOException { InnerException: not Linux.SyscallException { Errno: Linux.Errno.EPIPE } })
        {
            session.Out.Flush();
            var exitCode = error is FailureException failure ? failure.ExitCode : command.FailureCode(error);
            if (command.PointsToHelp) session.Error.Write($"{CommandTree.Program}: {Failures.Describe(error)}\n\nRun '{called} --help' for more information\n");
            else if (error.Message.Length > 0) session.Error.WriteLine(Failures.Describe(error));
            return exitCode;
        }
    }

    private static string? WrongCount(string called, Command command, int count)
    {
        if (count >= command.ArgumentsMin && count <= command.ArgumentsMax) return null;
        static string Arguments(int n) => n == 1 ? "1 argument" : $"{n} arguments";
        return command.ArgumentsMax == 0 ? $"'{called}' accepts no arguments"
            : command.ArgumentsMin == command.ArgumentsMax ? $"'{called}' requires {Arguments(command.ArgumentsMin)}"
            : command.ArgumentsMax == int.MaxValue ? $"'{called}' requires at least {Arguments(command.ArgumentsMin)}"
            : command.ArgumentsMin == 0 ? $"'{called}' requires at most {Arguments(command.ArgumentsMax)}"
            : $"'{called}' requires at least {command.ArgumentsMin} and at most {Arguments(command.ArgumentsMax)}";
    }
}
