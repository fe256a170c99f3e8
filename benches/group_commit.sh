#!/usr/bin/env bash
# group_commit.sh [MS...]: durable PUTs of 4 KiB with 1, 8 and 32 connections, on this disk and on one whose fsync takes
# 2, 5 and 10 ms longer. "Each its own" is the most that a server could reach that ends each PUT with an fsync of
# its own in one log, one after another. DAVBENCH names the harness, whose davload makes the load.
. "$(dirname "$0")/server.sh"
[ $# -gt 0 ] || set -- 0 2 5 10
load=$(dirname "${DAVBENCH:-$benches/../../shared/bench/davbench.py}")/davload.c
[ -e "$load" ] || { echo "$load is missing; DAVBENCH must name davbench.py of the load harness" >&2; exit 1; }

# sync_us FOLDER: microseconds for writing 4 KiB in place and flushing them.
sync_us() {
  head -c 4M /dev/zero > "$1/sync"
  dd if=/dev/zero of="$1/sync" bs=4k count=512 oflag=dsync conv=notrunc 2>&1 |
    sed -n 's/.*copied, \([0-9.e-]*\) s.*/\1/p' | awk '{ printf "%d", $1 / 512 * 1e6 }'
  rm "$1/sync"
}
count_syncs() { grep -c 'sync(' "$work/data/run/syncs" 2> /dev/null || true; }

echo '| fsync, ms | connections | files/s | p50, ms | p99, ms | fsyncs a file | each its own, files/s |'
echo '|---:|---:|---:|---:|---:|---:|---:|'
for ms in "$@"; do
  if [ "$ms" = 0 ]; then start_server; else SLOW_FSYNC_MS=$ms start_server tresor-slow-disk; fi
  cc -O2 -o "$work/davload" "$load" -lm
  head -c 8M /dev/urandom > "$work/source"
  sync=$(($(sync_us "$work") + ms * 1000))
  for connections in 1 8 32; do
    curl -sS --fail -u "$credentials" -X MKCOL "$url$connections/"
    before=$(count_syncs)
    "$work/davload" --url "$url" --auth "$(printf %s "$credentials" | base64)" --mode put --path "$connections/{i}" \
      --src "$work/source" --size 4096 --count 1000000 --duration 5 --conns "$connections" > "$work/result"
    after=$(count_syncs)
    python3 - "$work/result" "$sync" "$connections" "$before" "$after" << 'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))
sync, connections = int(sys.argv[2]), sys.argv[3]
assert result["ok"] and not result["errors"], result
shared = f"{(int(sys.argv[5]) - int(sys.argv[4])) / result['ok']:.2f}" if sys.argv[5] else ""
print(f"| {sync / 1e3:.1f} | {connections} | {result['ok'] / result['wall_s']:,.0f} | {result['a']['p50_ms']:.1f} "
      f"| {result['a']['p99_ms']:.1f} | {shared} | {1e6 / sync:,.0f} |")
PYTHON
  done
  stop_server
done
