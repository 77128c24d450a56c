# fish completion for yun
function __yun_complete
    set -l words (commandline -opc) (commandline -ct)
    yun __complete $words[2..-1] 2>/dev/null
end
complete -c yun -a '(__yun_complete)'
