#!/usr/bin/env bash
# large.sh [GIB...]: stores and fetches one file of each size (1 and 20 GiB) on a fresh server and prints the most
# memory that the server had meanwhile. A large file must need no more than a small one. Needs root, as only root may set
# the kernel's high-water mark of a process back; needs as much disk as the largest file.
. "$(dirname "$0")/server.sh"
[ $# -gt 0 ] || set -- 1 20

# The same endless bytes in each run, and no two chunks alike.
stream() { { openssl enc -aes-128-ctr -nosalt -K "$(printf '%032d' 7)" -iv "$(printf '%032d' 0)" < /dev/zero 2> /dev/null || true; } | head -c "$1"; }

# measured COMMAND...: runs it and prints its seconds and the peak memory of the server.
measured() {
  local began=$EPOCHREALTIME
  echo 5 > "/proc/$pid/clear_refs"
  "$@"
  awk -v began="$began" -v ended="$EPOCHREALTIME" \
    '/^VmHWM:/ { printf "%.1f s, at most %.0f MB", ended - began, $2 * 1024 / 1e6 }' "/proc/$pid/status"
}
put() { stream "$bytes" | curl -sS --fail -u "$credentials" -T - "${url}large"; }
get() { cmp <(curl -sS --fail -u "$credentials" "${url}large") <(stream "$bytes"); }

for gib in "$@"; do
  bytes=$((gib << 30))
  free=$(df --output=avail -B1 "$work" | tail -1)
  [ "$free" -gt $((bytes + (1 << 30))) ] || { echo "$gib GiB: only $((free >> 30)) GiB of disk are free" >&2; exit 1; }
  start_server
  stored=$(measured put)
  fetched=$(measured get)
  echo "$gib GiB: PUT $stored; GET $fetched"
  stop_server
done
