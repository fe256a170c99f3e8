#!/usr/bin/env bash
# rescan.sh [FILES [ROUNDS [SECONDS]]]: scanning again everything stored beside people's work. Stores FILES (100,000) small files, then
# takes turns, ROUNDS (6) times: SECONDS (20) without and with the scan, by its share of the time, while 8 connections fetch
# files of 4 KiB or store new ones. Prints contents a second, CPU, and medians of the ratios; then what the scan does without a
# share and without other requests. clamd knows a handful of signatures. DAVBENCH names the load harness, TRESOR_BIN another program than
# the release build.
. "$(dirname "$0")/server.sh"
load=$(dirname "${DAVBENCH:-$benches/../../shared/bench/davbench.py}")/davload.c
[ -e "$load" ] || { echo "$load is missing; DAVBENCH must name davbench.py of the load harness" >&2; exit 1; }
cc -O2 -o "$work/davload" "$load" -lm
head -c 512M /dev/urandom > "$work/source"
export TRESOR_BIN=${TRESOR_BIN:-$benches/../target/release/tresor}
. "$benches/scanner.sh"
export CONFIG=$work/config.toml
printf '[scrub]\nevery_days = 0\n[intake]\nconverter = "off"\n%s' "$scanner" > "$CONFIG"
start_server
python3 - "$work" "$url" "$credentials" "$pid" "$clamd_pid" "${1:-100000}" "${2:-6}" "${3:-20}" << 'PYTHON'
import base64, json, os, socket, statistics, subprocess, sys, time, urllib.request

work, url, credentials, pid, clamd = sys.argv[1:6]
files, rounds, seconds = map(int, sys.argv[6:9])
login = base64.b64encode(credentials.encode()).decode()
SIZE = 640


def ask(request):
    with socket.socket(socket.AF_UNIX) as owner:
        owner.connect(work + "/data/instance/control.sock")
        owner.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(owner.makefile().readline())


def set_mode(mode):
    answer = ask({"do": "scan-set", "mode": mode})
    assert answer["kind"] == "done", answer


def progress():
    return ask({"do": "scan-status"})["data"]


def cpu(process):
    with open(f"/proc/{process}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM"))


def load(mode, path, *more):
    words = [work + "/davload", "--url", url, "--auth", login, "--mode", mode, "--path", path, "--src", work + "/source",
             "--conns", "8", "--max-seconds", "900", *more]
    result = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    assert result["ok"] and not result["errors"], result
    return result


def folder(name):
    urllib.request.urlopen(urllib.request.Request(url + name, method="MKCOL", headers={"Authorization": "Basic " + login}))


set_mode("paused")
began = time.monotonic()
for number in range(files // 10_000 or 1):
    folder(f"f{number}")
    load("put", f"f{number}/" + "{i}", "--size", str(SIZE), "--count", str(min(files, 10_000)), "--first", str(number * 10_000))
print(f"{files} files of {SIZE} bytes stored: {time.monotonic() - began:.0f} s", flush=True)
folder("work")
load("put", "work/{i}", "--size", "4096", "--count", "200")
stored = 200


def block(mode, what):
    """Requests a second, contents scanned a second, CPU seconds a second of server and clamd."""
    global stored
    set_mode(mode)
    time.sleep(1)
    before, used, clamd_used, began = progress(), cpu(pid), cpu(clamd), time.monotonic()
    # No content twice: equal ones are scanned once.
    items = ["--wrap", "200"] if what == "get" else ["--first", str(stored)]
    done = load(what, "work/{i}", "--size", "4096", "--duration", str(seconds), *items)
    stored += done["ok"] if what == "put" else 0
    after, took = progress(), time.monotonic() - began
    scanned = (after["scanned"] - before["scanned"]) / took
    return done["ok"] / done["wall_s"], scanned, (cpu(pid) - used) / took, (cpu(clamd) - clamd_used) / took


# Others than those of the pass that ended before the files were there.
with open(work + "/clamd/databases/more.hdb", "w") as more:
    more.write("00000000000000000000000000000001:1:Test.More\n")
with socket.socket(socket.AF_UNIX) as scanner:
    scanner.connect(work + "/clamd/socket")
    scanner.sendall(b"zRELOAD\0")
    assert scanner.recv(100) == b"RELOADING\0"
set_mode("scheduled")
while progress()["total"] < files:
    time.sleep(1)
print("| 8 connections | without the scan | with it | ratio (lowest, highest) | contents a second | CPU before, after, of clamd |")
print("|---|---:|---:|---:|---:|---:|")
for what in ("get", "put"):
    pairs = []
    for number in range(rounds):
        order = ("paused", "scheduled") if number % 2 == 0 else ("scheduled", "paused")
        of = {mode: block(mode, what) for mode in order}
        pairs.append((of["paused"], of["scheduled"]))
    median = lambda side, field: statistics.median(pair[side][field] for pair in pairs)
    ratios = sorted(after[0] / before[0] for before, after in pairs)
    print(f"| {what.upper()} 4 KiB | {median(0, 0):.0f} | {median(1, 0):.0f} | {statistics.median(ratios):.3f} "
          f"({ratios[0]:.3f}, {ratios[-1]:.3f}) | {median(1, 1):.0f} | {median(0, 2):.2f}, {median(1, 2):.2f}, {median(1, 3):.2f} |",
          flush=True)
for mode in ("scheduled", "urgent"):
    set_mode(mode)
    before, used, clamd_used, began = progress(), cpu(pid), cpu(clamd), time.monotonic()
    time.sleep(max(seconds, 20))
    took, after = time.monotonic() - began, progress()
    print(f"alone, {mode}: {(after['scanned'] - before['scanned']) / took:.0f} contents a second, "
          f"CPU {(cpu(pid) - used) / took:.2f}, of clamd {(cpu(clamd) - clamd_used) / took:.2f}", flush=True)
began = time.monotonic()
while not progress()["ended"]:
    time.sleep(1)
print(f"the rest, urgent: {time.monotonic() - began:.0f} s; memory at most {memory():.0f} MB; found {progress()['found']}")
PYTHON
