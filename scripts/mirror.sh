# Where this machine's apt gets the distribution from. Sourced, never run.

distribution() { . /etc/os-release; echo "$ID"; }
release() { . /etc/os-release; echo "$VERSION_CODENAME"; }

# The address of the distribution's main archive, as the machine's own sources have it.
mirror() {
    local origin; case $(distribution) in debian) origin=Debian;; ubuntu) origin=Ubuntu;; *) fail "no known distribution to get packages from";; esac
    local address
    address=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Origin: $origin" "Codename: $(release)" 'Component: main' | head -n 1)
    [ -n "$address" ] || { need_root; quietly apt-get -q update
        address=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Origin: $origin" "Codename: $(release)" 'Component: main' | head -n 1); }
    [ -n "$address" ] || fail "apt knows no main archive of $(distribution) $(release)"
    echo "$address"
}

# The line for apt's sources that adds a release ($1) of the distribution, from that mirror.
source_line() {
    local id; id=$(distribution)
    echo "deb [signed-by=/usr/share/keyrings/$id-archive-keyring.gpg] $(mirror) $1 main$([ "$id" = ubuntu ] && echo ' universe')"
}

# Sets `options` to what makes apt-get speak of a release ($1) instead of this machine's, with lists of its own that are fetched anew.
ask_release() {
    local lists=$TOOLS/apt-$1
    mkdir -p "$lists/lists/partial"
    source_line "$1" > "$lists/sources.list"
    options+=(-o Dir::Etc::SourceParts=/nonexistent -o Dir::Etc::SourceList="$lists/sources.list"
        -o Dir::State::Lists="$lists/lists" -o Dir::Cache="$lists")
    quietly apt-get "${options[@]}" update
}
