using Yun.Commands.CommandLine;

namespace Yun.Commands;

/// <summary><c>yun completion</c>: a script that asks <c>yun __complete</c> what could come next, so that no shell has a list of its own.</summary>
public sealed class CompletionCommand : Command
{
    public CompletionCommand() : base("bash|zsh|fish") => ArgumentsMin = ArgumentsMax = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Out.Write(arguments[0] switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => throw new FailureException($"there is no completion for '{arguments[0]}': bash, zsh or fish"),
        });
        return 0;
    }

    private const string Bash =
        """
        # bash completion for yun
        _yun() {
            local candidates
            candidates=$(yun __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
            mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -o bashdefault -o default -F _yun yun

        """;

    private const string Zsh =
        """
        #compdef yun
        _yun() {
            local -a candidates
            candidates=(${(f)"$(yun __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
            (( ${#candidates} )) && compadd -- $candidates || _files
        }
        compdef _yun yun

        """;

    private const string Fish =
        """
        # fish completion for yun
        function __yun_complete
            set -l words (commandline -opc) (commandline -ct)
            yun __complete $words[2..-1] 2>/dev/null
        end
        complete -c yun -a '(__yun_complete)'

        """;
}
