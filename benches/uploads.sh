#!/usr/bin/env bash
# uploads.sh [PARALLEL_MIB [FINISH_MIB]]: eight uploads at once of so many MiB (1024), cut at random places and resumed;
# then one of so many (61440) by each protocol, and how long the request takes that makes it a file. Each is removed before the
# next, so the disk must hold the larger of 8 x the first and the second.
. "$(dirname "$0")/server.sh"
parallel=${1:-1024} finish=${2:-61440}
need=$(((8 * parallel > finish ? 8 * parallel : finish) + 1024))
free=$(($(df --output=avail -BM "$work" | tail -1 | tr -dc 0-9)))
[ "$free" -gt "$need" ] || { echo "$need MiB of disk are needed, $free are free" >&2; exit 1; }
uploads() { "$benches/uploads.py" "$@" --url "$url" --auth "$credentials" --pid "$pid"; }

start_server
uploads parallel --mib "$parallel"
stop_server
for protocol in ietf tus chunks; do
  start_server
  uploads finish --mib "$finish" --protocol "$protocol"
  stop_server
done
