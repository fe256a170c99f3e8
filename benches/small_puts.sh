#!/usr/bin/env bash
# small_puts.sh OTHER [ROUNDS [FILES]]: the cost of small PUTs with this tree's program and with another build of it. Both
# servers run side by side on fresh data and take turns: in each of ROUNDS (5) rounds one and 16 clients store FILES (3,000)
# new files of 4 KiB, and as many again over 100 files. Prints the CPU of each server for one PUT and medians of the ratios
# of the rounds: other load on the machine slows both. DAVBENCH names the load harness, TRESOR_BIN this tree's program.
. "$(dirname "$0")/server.sh"
other=${1:?usage: small_puts.sh OTHER [ROUNDS [FILES]]}
load=$(dirname "${DAVBENCH:-$benches/../../shared/bench/davbench.py}")/davload.c
[ -e "$load" ] || { echo "$load is missing; DAVBENCH must name davbench.py of the load harness" >&2; exit 1; }
cc -O2 -o "$work/davload" "$load" -lm
head -c 64M /dev/urandom > "$work/source"
# Verification soon after the first start would count as the cost of requests.
export CONFIG=$work/config.toml
printf '[scrub]\nevery_days = 0\n' > "$CONFIG"
trap 'for data in "$work"/before "$work"/after; do
  if [ -e "$data/run/server.pid" ]; then "$down" "$data"; fi
done; rm -rf "$work"' EXIT
before=$(TRESOR_BIN=$other "$benches/peers/tresor/up.sh" 18291 "$work/before")
after=$("$benches/peers/tresor/up.sh" 18292 "$work/after")
python3 - "$work" "$before" "$after" "${2:-5}" "${3:-3000}" << 'PYTHON'
import base64, json, os, statistics, subprocess, sys, urllib.request

work, before, after, rounds, files = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4]), sys.argv[5]


def cpu(server):
    with open(f"/proc/{server['pids'][0]}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_folder(server, name):
    login = base64.b64encode(f"{server['user']}:{server['password']}".encode()).decode()
    urllib.request.urlopen(
        urllib.request.Request(server["url"] + name, method="MKCOL", headers={"Authorization": f"Basic {login}"}))
    return login


def measured(server, folder, clients, wrap):
    """Microseconds of CPU for a PUT, and PUTs a second."""
    login = make_folder(server, folder)
    load = [work + "/davload", "--url", server["url"], "--auth", login, "--mode", "put", "--path", folder + "/{i}",
            "--src", work + "/source", "--size", "4096", "--count", files, "--conns", clients, "--wrap", wrap]
    used = cpu(server)
    result = json.loads(subprocess.run(load, check=True, capture_output=True).stdout)
    assert result["ok"] == int(files) and not result["errors"], result
    return (cpu(server) - used) * 1e6 / int(files), int(files) / result["wall_s"]


rows = [(kind, clients) for kind in ("new", "replaced") for clients in ("1", "16")]
found = {row: [] for row in rows}
for number in range(rounds):
    for kind, clients in rows:
        pair = [before, after]
        # The second one finds a warmer or a busier machine.
        order = pair if number % 2 == 0 else pair[::-1]
        wrap = "100" if kind == "replaced" else "0"
        of = {server["url"]: measured(server, f"{kind}-{clients}-{number}", clients, wrap) for server in order}
        found[kind, clients].append([of[server["url"]] for server in pair])
print("| PUT 4 KiB | clients | CPU before, us | after, us | ratio of CPU (lowest, highest) | of PUTs a second |")
print("|---|---:|---:|---:|---:|---:|")
for (kind, clients), pairs in found.items():
    used = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
    ratios = sorted(after[0] / before[0] for before, after in pairs)
    speed = statistics.median(after[1] / before[1] for before, after in pairs)
    print(f"| {kind} | {clients} | {used[0]:.0f} | {used[1]:.0f} "
          f"| {statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f}) | {speed:.2f} |")
PYTHON
