#!/usr/bin/env bash
# compare.sh HARNESS PEERS [FLAG...]: one table of Tresor and its peers by the load harness, kept in target/bench/.
# A peer whose program is missing is left out and named at the end; without the harness nothing is compared.
set -euo pipefail
harness=${1:?usage: compare.sh HARNESS PEERS [FLAG...]}
IFS=, read -ra wanted <<< "${2?usage: compare.sh HARNESS PEERS [FLAG...]}"
shift 2
here=$(cd "$(dirname "$0")" && pwd)
kept=$here/../../target/bench

aloud() { printf '\n=== %s\n' "$@" >&2; }
if [ ! -e "$harness" ]; then
  aloud "NOT COMPARED WITH OTHER SERVERS: the load harness is not at $harness." \
    "Name its place: make bench DAVBENCH=/path/to/davbench.py (benches/peers/README.md). What stands above is Tresor's parts alone."
  exit 0
fi

# The programs that a peer of the harness needs.
needs() {
  case "$1" in
  apache) echo apache2 htpasswd ;;
  gocryptfs-apache) echo apache2 htpasswd gocryptfs fusermount3 ;;
  nginx) echo nginx htpasswd ;;
  dufs) echo "${DUFS:-dufs}" ;;
  wsgidav) echo "${WSGIDAV:-wsgidav}" ;;
  # Debian's is older and would be measured under the wrong name.
  rclone-crypt-new) echo "${RCLONE_NEW:-RCLONE_NEW}" htpasswd ;;
  rclone-*) echo rclone htpasswd ;;
  esac
}

# missing_of PEER: the first program that is not there.
missing_of() {
  local program
  for program in $(needs "$1"); do
    PATH="$PATH:/usr/sbin" command -v "$program" > /dev/null || { echo "$program"; return; }
  done
}

peers=() own=(--peer "tresor=$here/tresor") left_out=() baseline=tresor
for peer in "${wanted[@]}"; do
  if [ -d "$here/$peer" ]; then
    own+=(--peer "$peer=$here/$peer")
  elif program=$(missing_of "$peer") && [ -n "$program" ]; then
    left_out+=("$peer IS LEFT OUT: $program is not there; benches/peers/README.md says how to get it and what names it.")
  else
    peers+=("$peer")
    [ "$peer" != rclone-crypt-new ] || baseline=$peer
  fi
done
[ ${#left_out[@]} -eq 0 ] || aloud "${left_out[@]}"
mkdir -p "$kept"
python3 "$harness" --peers "$(IFS=,; echo "${peers[*]}")" "${own[@]}" --baseline "$baseline" \
  --md "$kept/peers.md" --json "$kept/peers.json" "$@"
[ ${#left_out[@]} -eq 0 ] || aloud "${left_out[@]}"
