# The program itself knows its commands and flags; it is asked for what may follow.
function __yun_suggest
    set -l line (string replace -r '^\S+\s' '' -- (commandline -cp))
    yun "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end
complete -c yun -a '(__yun_suggest)'
