# What the scripts here share. Sourced, never run.
set -euo pipefail
export LC_ALL=C
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BIN=$ROOT/artifacts/bin
TOOLS=$ROOT/artifacts/tools

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || fail "this needs root: try again with sudo"; }

# Runs a command that has nothing to say unless it fails.
quietly() {
    local log; log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || { local code=$?; tail -n 30 "$log" >&2; rm -f "$log"; return $code; }
    rm -f "$log"
}

# Only one of our scripts at a time changes artifacts/ or asks apt.
one_at_a_time() {
    mkdir -p "$ROOT/artifacts"
    exec 9>"$ROOT/artifacts/.lock"
    flock 9
}
