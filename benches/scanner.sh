# Sourced after server.sh by measurements of the holding area: a clamd with two signatures, gone when the script ends. Sets `scanner`,
# lines for the section [intake].
clamd=$(PATH=$PATH:/usr/sbin command -v clamd) || { echo "clamd is missing: install the Debian package clamav-daemon" >&2; exit 1; }
mkdir -p "$work/clamd/databases" "$work/clamd/temporary"
# The test file of EICAR, as a pattern, and a digest that nothing has.
eicar=$(printf '%s' '*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\4[PA@%P!O5X' | rev | od -An -v -tx1 | tr -d ' \n')
printf 'Test.Eicar:0:*:%s\n' "$eicar" > "$work/clamd/databases/eicar.ndb"
printf '00000000000000000000000000000000:1:Test.Idle\n' > "$work/clamd/databases/idle.hdb"
cat > "$work/clamd/clamd.conf" << CONFIG
Foreground yes
LocalSocket $work/clamd/socket
DatabaseDirectory $work/clamd/databases
TemporaryDirectory $work/clamd/temporary
LogFile $work/clamd/log
SelfCheck 86400
AlertExceedsMax yes
AlertEncrypted yes
CONFIG
"$clamd" -c "$work/clamd/clamd.conf" > /dev/null 2>&1 &
clamd_pid=$!
trap 'kill "$clamd_pid" 2> /dev/null || true; stop_server; rm -rf "$work"' EXIT
for _ in $(seq 1 200); do
  [ -S "$work/clamd/socket" ] && break
  sleep 0.1
done
scanner=$(printf "clamd = '%s'\nsignatures = '%s'" "$work/clamd/socket" "$work/clamd/databases")
