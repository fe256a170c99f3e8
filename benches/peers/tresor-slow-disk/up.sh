#!/usr/bin/env bash
# As tresor, on a disk whose fsync takes SLOW_FSYNC_MS longer (2 ms unless told otherwise).
export SLOW_FSYNC_MS=${SLOW_FSYNC_MS:-2}
exec "$(dirname "$0")/../tresor/up.sh" "$@"
