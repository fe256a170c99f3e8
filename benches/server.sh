# Sourced by the measurements beside it: a fresh Tresor of this tree, gone with its data when the script ends.
set -euo pipefail
shopt -s inherit_errexit
benches=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
down=$benches/peers/tresor/down.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/tresor-bench.XXXXXX")
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# start_server [PEER]: sets url, credentials (name:password) and pid.
start_server() {
  local answer data=$work/data
  answer=$("$benches/peers/${1:-tresor}/up.sh" "${PORT:-18290}" "$data")
  { read -r url; read -r credentials; read -r pid; } < <(python3 -c '
import json, sys
answer = json.loads(sys.argv[1])
print(answer["url"], answer["user"] + ":" + answer["password"], answer["pids"][0], sep="\n")' "$answer")
}

stop_server() {
  [ ! -e "$work/data/run/server.pid" ] || "$down" "$work/data"
  rm -rf "$work/data"
}
