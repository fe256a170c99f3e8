#!/usr/bin/env bash
# down.sh DATADIR: stops what up.sh started.
set -euo pipefail
pid=$(cat "${1:?usage: down.sh DATADIR}/run/server.pid")
kill -TERM "$pid" 2>/dev/null || exit 0
for _ in $(seq 1 200); do kill -0 "$pid" 2>/dev/null || exit 0; sleep 0.05; done
kill -KILL "$pid"
