#!/usr/bin/env bash
# up.sh PORT DATADIR: starts Tresor on 127.0.0.1:PORT for the load harness, everything under DATADIR.
# Prints one line of JSON about the server. Environment: BENCH_USER, TLS_PORT, TRESOR_BIN, CONFIG (a file); SLOW_FSYNC_MS
# makes each fsync and fdatasync of the server last that much longer, as on a slow disk.
set -euo pipefail
port=${1:?usage: up.sh PORT DATADIR}
data=${2:?usage: up.sh PORT DATADIR}
: "${BENCH_USER:=bench}" "${TLS_PORT:=}" "${SLOW_FSYNC_MS:=}" "${CONFIG:=}"
top=$(cd "$(dirname "$0")/../../.." && pwd)
bin=${TRESOR_BIN:-$top/target/release/tresor}
[ -x "$bin" ] || { echo "build it first: cargo build --release" >&2; exit 1; }
mkdir -p "$data/run"
data=$(cd "$data" && pwd)
run=$data/run
umask 077

# The harness's own password is shorter than we accept and holds the user's name: it gets another.
password=kran-quelle-7319-filter
# A key file opens the instance: a passphrase would make the start measure scrypt.
if [ ! -e "$data/instance/FORMAT" ]; then
  age-keygen -o "$run/key.txt" 2> /dev/null
  printf '%s\n' "$password" > "$run/password"
  "$bin" init --data "$data/instance" --key-file "$run/key.txt" --recovery-out "$run/recovery" \
    --admin admin --admin-password-file "$run/password" > "$run/init.log"
fi

listen=(--listen "127.0.0.1:$port" --plain-http)
tls_url=
if [ -n "$TLS_PORT" ]; then
  listen=(--listen "127.0.0.1:$TLS_PORT" --plain-listen "127.0.0.1:$port")
  tls_url=https://127.0.0.1:$TLS_PORT/dav/bench/
fi
under=()
version=$("$bin" --version)
if [ -n "$SLOW_FSYNC_MS" ]; then
  # Only these calls stop for strace (seccomp), and -D leaves the process id to the server.
  syncs=fsync,fdatasync
  under=(strace -D -f -qq -o "$run/syncs" --seccomp-bpf -e "trace=$syncs" -e signal=none
    -e "inject=$syncs:delay_exit=$((SLOW_FSYNC_MS * 1000))")
  version="$version, fsync + $SLOW_FSYNC_MS ms"
fi
date +%s.%N > "$run/server.t0"
setsid "${under[@]}" "$bin" serve --data "$data/instance" --key-file "$run/key.txt" "${listen[@]}" \
  ${CONFIG:+--config "$CONFIG"} --log-level warn > "$run/server.log" 2>&1 < /dev/null &
echo $! > "$run/server.pid"
for _ in $(seq 1 600); do
  [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/health" || true)" = 200 ] && break
  kill -0 "$(cat "$run/server.pid")" 2>/dev/null || { tail -20 "$run/server.log" >&2; exit 1; }
  sleep 0.05
done
if ! "$bin" space list --data "$data/instance" --json | grep -q '"bench"'; then
  "$bin" user add "$BENCH_USER" --data "$data/instance" --role staff --password-file "$run/password" > /dev/null
  "$bin" space add bench --data "$data/instance" --kind team > /dev/null
  "$bin" grant "$BENCH_USER" bench manage --data "$data/instance" > /dev/null
fi
printf '{"url": "http://127.0.0.1:%s/dav/bench/", "headers": [], "tls_headers": [], "user": "%s", "password": "%s", "tls_url": "%s", "tls_pids": [], "pids": [%s], "t0": %s, "store": "%s", "at_rest": "encrypted", "version": "%s"}\n' \
  "$port" "$BENCH_USER" "$password" "$tls_url" "$(cat "$run/server.pid")" "$(cat "$run/server.t0")" "$data/instance" "$version" \
  | tee "$run/server.json"
