# bash completion for yun
_yun() {
    local candidates
    candidates=$(yun __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o bashdefault -o default -F _yun yun
