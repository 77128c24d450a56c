# The program itself knows its commands and flags; it is asked for what may follow.
_yun() {
    local line=${COMP_LINE#* } position
    position=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
    mapfile -t COMPREPLY < <(yun "[suggest:$position]" "$line" 2>/dev/null | grep -- "^${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _yun yun
