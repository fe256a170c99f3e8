#!/usr/bin/env bash
# writer.sh [ENTRIES...]: how long large changes keep others from saving. While a tree of so many entries (10000 and 50000)
# is copied, moved, deleted and restored, another connection stores files of 1 KiB, one after the other. Prints the seconds
# of each change, and in brackets the milliseconds that the slowest of these files took; first those while nothing
# else happens. TRESOR_BIN names another program than the release build.
. "$(dirname "$0")/server.sh"
[ $# -gt 0 ] || set -- 10000 50000
export TRESOR_BIN=${TRESOR_BIN:-$benches/../target/release/tresor}
export CONFIG=$work/config.toml
printf '[scrub]\nevery_days = 0\n' > "$CONFIG"
start_server
"$TRESOR_BIN" space add other --data "$work/data/instance" --kind team > /dev/null
"$TRESOR_BIN" grant bench other manage --data "$work/data/instance" > /dev/null
python3 - "$url" "$credentials" "$work/data/instance" "$@" <<'PYTHON'
import base64, http.client, json, os, subprocess, sys, threading, time, urllib.parse

url, credentials, data = urllib.parse.urlsplit(sys.argv[1]), *sys.argv[2:4]
login = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
FILES, PIECE = 99, 10_000  # files in each folder; entries of a piece that the trees are put together from


def connect():
    return http.client.HTTPConnection(url.hostname, url.port)


def request(connection, method, name, body=b"", to=None):
    target = {"Destination": "/dav/" + to} if to else {}
    connection.request(method, "/dav/" + name, body, {**login, **target})
    answer = connection.getresponse()
    answer.read()
    assert answer.status < 300, (method, name, answer.status)


def beside(act):
    """Seconds that `act` takes, and the longest that a small file took to be stored meanwhile, in milliseconds."""
    ended, slowest, number = threading.Event(), 0.0, 0

    def save():
        nonlocal slowest, number
        connection, body = connect(), os.urandom(1_024)
        while not ended.is_set():
            began = time.monotonic()
            request(connection, "PUT", f"bench/beside-{number % 50}", body)
            slowest, number = max(slowest, time.monotonic() - began), number + 1

    saving = threading.Thread(target=save)
    saving.start()
    began = time.monotonic()
    act()
    took = time.monotonic() - began
    ended.set()
    saving.join()
    return f"{took:.2f} ({slowest * 1_000:.0f})"


def restore():
    words = [os.environ["TRESOR_BIN"], "trash"]
    listed = subprocess.run([*words, "list", "bench", "--data", data, "--json"], check=True, capture_output=True)
    entry = next(item["entry"] for item in json.loads(listed.stdout) if item["path"] == "deep/tree")
    subprocess.run([*words, "restore", "bench", str(entry), "--data", data], check=True, stdout=subprocess.DEVNULL)


here = connect()
ask = lambda *words, **more: lambda: request(here, *words, **more)
request(here, "MKCOL", "bench/piece")
request(here, "MKCOL", "bench/piece/0")
request(here, "MKCOL", "bench/deep")
for number in range(FILES):
    request(here, "PUT", f"bench/piece/0/{number}.txt", os.urandom(1_000))
for number in range(1, PIECE // (FILES + 1)):
    request(here, "COPY", "bench/piece/0", to=f"bench/piece/{number}")
columns = {}
for entries in map(int, sys.argv[4:]):
    request(here, "MKCOL", "bench/tree")
    # One piece less a folder of each, for the tops.
    for number in range(entries // PIECE):
        request(here, "COPY", "bench/piece", to=f"bench/tree/{number}")
        request(here, "DELETE", f"bench/tree/{number}/0")
    columns[entries] = {
        "nothing": beside(lambda: time.sleep(3)),
        "COPY in the space": beside(ask("COPY", "bench/tree", to="bench/copy")),
        "COPY into another space": beside(ask("COPY", "bench/tree", to="other/copy")),
        "MOVE into another space": beside(ask("MOVE", "bench/copy", to="other/moved")),
        "MOVE to a longer path": beside(ask("MOVE", "bench/tree", to="bench/deep/tree")),
        "DELETE": beside(ask("DELETE", "bench/deep/tree")),
        "restore": beside(restore),
    }
    request(here, "DELETE", "bench/deep/tree")
    request(here, "DELETE", "other/copy")
    request(here, "DELETE", "other/moved")
print("| beside |", " | ".join(f"{entries:,}" for entries in columns), "|")
print("|---|" + "---:|" * len(columns))
for row in next(iter(columns.values())):
    print(f"| {row} |", " | ".join(column[row] for column in columns.values()), "|")
PYTHON
