# What a daemon may leave on a machine, found by the names that derive from its folder. Sourced, never run.

# Eight hex digits that a data root's cgroups, interfaces and tables carry.
hash_of() { printf %s "$1" | sha256sum | cut -c 1-8; }

processes_of() { # those that name the folder $1 on their command line, but for this script's own
    local directory pid
    for directory in /proc/[0-9]*; do
        pid=${directory#/proc/}
        [ "$pid" = "$$" ] || [ "$pid" = "$BASHPID" ] || ! tr '\0' ' ' 2>/dev/null <"$directory/cmdline" | grep -qF -- "$1" || echo "$pid"
    done
}

# Everything of the daemon with folder $1 and hash $2 that is still there, a line each.
leftovers() {
    local pid nft
    awk -v folder="$1/" 'index($5, folder) == 1 || index($0, "=" folder) { print "mount " $5 }' /proc/self/mountinfo
    for pid in $(processes_of "$1"); do echo "process $pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"; done
    find /sys/fs/cgroup -type d -name "*$2*" -prune -printf 'cgroup %p\n' 2>/dev/null
    ls /sys/class/net | grep -F -- "$2" | sed 's/^/interface /' || true
    nft=$("$ROOT/scripts/unpacked" nftables)/usr/sbin/nft
    "$nft" -a list ruleset 2>/dev/null | grep -F -- "$2" | sed 's/^[[:space:]]*/rule /' || true
    [ ! -d "$1/run" ] || find "$1/run" -mindepth 1 -printf 'file %p\n'
}

stop() { # a process of ours: asked, then made to
    kill "$1" 2>/dev/null || return 0
    for _ in $(seq 150); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.1; done
    kill -9 "$1" 2>/dev/null || true
}

end_processes_of() { local pid; for pid in $(processes_of "$1"); do stop "$pid"; done; }

unmount_below() { awk -v folder="$1/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null || true; done; }
