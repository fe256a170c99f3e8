#!/usr/bin/env bash
# growth.sh [ENTRIES...]: fills a fresh server by copies of folders and measures the same requests at each size (10000,
# 100000 and 1000000 entries). Prints for one of each the milliseconds of CPU of the server, and in brackets those of waiting; no row
# may grow faster than its work. TRESOR_BIN names another program than the release build.
. "$(dirname "$0")/server.sh"
[ $# -gt 0 ] || set -- 10000 100000 1000000
export TRESOR_BIN=${TRESOR_BIN:-$benches/../target/release/tresor}
# The server verifies everything soon after its first start, which would count as the cost of requests.
export CONFIG=$work/config.toml
printf '[scrub]\nevery_days = 0\n' > "$CONFIG"
start_server
python3 - "$url" "$credentials" "$pid" "$work/data" "$benches/peers/tresor" "$@" <<'PYTHON'
import base64, http.client, json, os, subprocess, sys, time, urllib.parse

url, credentials, pid, data, peer = urllib.parse.urlsplit(sys.argv[1]), *sys.argv[2:6]
login = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
connection = http.client.HTTPConnection(url.hostname, url.port)
STEP, FILES = 10_000, 99  # entries of a folder that is copied, files in each of its folders


def request(method, name, body=b"", **headers):
    target = {"Destination": url.path + headers.pop("to")} if "to" in headers else {}
    connection.request(method, url.path + name, body, {**login, **target, **headers})
    answer = connection.getresponse()
    answer.read()
    assert answer.status < 300, (method, name, answer.status)


def cpu():
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(times, act):
    before, began = cpu(), time.monotonic()
    for number in range(times):
        act(number)
    return f"{(cpu() - before) * 1000 / times:.1f} ({(time.monotonic() - began) * 1000 / times:.0f})"


def command(*words):
    subprocess.run([os.environ["TRESOR_BIN"], *words, "--data", data + "/instance"], check=True, stdout=subprocess.DEVNULL)


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(f"{int(line.split()[1]) * 1024 / 1e6:.0f} MB" for line in status if line.startswith("VmHWM"))


def start():
    global pid, connection
    subprocess.run([peer + "/down.sh", data], check=True)
    made = subprocess.run([peer + "/up.sh", str(url.port), data], check=True, capture_output=True)
    pid, connection = json.loads(made.stdout)["pids"][0], http.client.HTTPConnection(url.hostname, url.port)
    request("GET", "part-1/0/0.txt")
    return f"{cpu() * 1000:.0f}"


# A folder of 10,000 entries: 100 folders of 99 files.
request("MKCOL", "part-1")
request("MKCOL", "part-1/0")
for number in range(FILES):
    request("PUT", f"part-1/0/{number}.txt", os.urandom(1_000))
for number in range(1, STEP // (FILES + 1)):
    request("COPY", "part-1/0", to=f"part-1/{number}")
parts, columns = 1, {}
for entries in map(int, sys.argv[6:]):
    while parts < entries // STEP:
        parts += 1
        request("COPY", "part-1", to=f"part-{parts}")
    columns[entries] = {
        "PUT 1 KB": measured(200, lambda n: request("PUT", f"put-{n}", os.urandom(1_000))),
        "GET": measured(500, lambda n: request("GET", f"part-1/0/{n % FILES}.txt")),
        "PROPFIND of 99": measured(50, lambda n: request("PROPFIND", f"part-1/{n}", Depth="1")),
        "MOVE a file": measured(200, lambda n: request("MOVE", f"put-{n}", to=f"moved-{n}")),
        "DELETE a file": measured(200, lambda n: request("DELETE", f"moved-{n}")),
        "COPY of 10,000": measured(1, lambda n: request("COPY", "part-1", to="copy")),
        "MOVE of 10,000": measured(1, lambda n: request("MOVE", "copy", to="part-1/moved")),
        "DELETE of 10,000": measured(1, lambda n: request("DELETE", "part-1/moved")),
        "snapshot": measured(1, lambda n: command("snapshot")),
        "quick verify": measured(1, lambda n: command("verify")),
        "memory, at most": memory(),
        "start, to the first file": start(),
    }
print("| |", " | ".join(f"{entries:,}" for entries in columns), "|")
print("|---|" + "---:|" * len(columns))
for row in next(iter(columns.values())):
    print(f"| {row} |", " | ".join(column[row] for column in columns.values()), "|")
PYTHON
