#!/usr/bin/env bash
# Puts clients of the tests into target/clients: pinned releases from PyPI and npm, in places of their own. Debian's rclone
# is older than its chunked uploads to Nextcloud, so a newer one is among them.
# It asks nothing and does nothing when they are there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
clients=$here/../../../target/clients

fail() {
    echo "The clients for the tests could not be installed: $1" >&2
    exit 1
}

# A copy of what was asked for, written last, says that all of it is there.
is_there() {
    cmp -s "$here/$1" "$clients/$2/$1"
}

if ! is_there requirements.txt tuspy; then
    echo "Installing tuspy and rclone"
    python3 -m venv --clear "$clients/tuspy" || fail "python3 -m venv failed (Debian: python3-venv)"
    "$clients/tuspy/bin/pip" install -q --disable-pip-version-check --no-deps -r "$here/requirements.txt" ||
        fail "pip did not get what $here/requirements.txt names (is PyPI reachable?)"
    cp "$here/requirements.txt" "$clients/tuspy/"
fi
if ! is_there package-lock.json tus-js; then
    echo "Installing tus-js-client"
    rm -rf "$clients/tus-js"
    mkdir -p "$clients/tus-js"
    cp "$here/package.json" "$here/package-lock.json" "$clients/tus-js/"
    if ! npm --prefix "$clients/tus-js" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
        rm -f "$clients/tus-js/package-lock.json"
        fail "npm did not get what $here/package-lock.json names (Debian: npm; is the npm registry reachable?)"
    fi
fi
