#!/usr/bin/env bash
# protocols.sh [GIB [ROUNDS]]: stores a file of so many GiB (1) on a fresh server by a plain PUT, by tus in one PATCH and as a
# Nextcloud client does, in ten chunks with the final MOVE; ROUNDS times (3). Prints MB/s, the server's CPU and ratios to
# the PUT. As root it empties the page cache before each: memory that a virtual machine has never used before is slow.
. "$(dirname "$0")/server.sh"
start_server
python3 - "$url" "$credentials" "$pid" "${1:-1}" "${2:-3}" <<'PYTHON'
import base64, http.client, os, sys, time, urllib.parse

url, credentials, pid, gib, rounds = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]
user, space, total = credentials.split(":")[0], url.path.rstrip("/"), int(float(gib) * 2**30) // 10 * 10
login = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
block = os.urandom(1 << 20)


def request(method, path, expected, headers={}, length=0):
    connection = http.client.HTTPConnection(url.hostname, url.port)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in {**login, **headers, "Content-Length": str(length)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for start in range(0, length, len(block)):
        connection.send(block[:min(len(block), length - start)])
    answer = connection.getresponse()
    answer.read()
    assert answer.status in expected, (method, path, answer.status)
    return answer.getheader("Location")


def plain(name):
    request("PUT", f"{space}/{name}", (201,), length=total)


def tus(name):
    tus, word = {"Tus-Resumable": "1.0.0"}, base64.b64encode(name.encode()).decode()
    begun = {"Upload-Length": str(total), "Upload-Metadata": f"filename {word}"}
    upload = request("POST", f"{space}/", (201,), {**tus, **begun})
    upload = urllib.parse.urlsplit(upload).path
    append = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    request("PATCH", upload, (204,), {**tus, **append}, total)


def chunks(name):
    folder, place = f"/remote.php/dav/uploads/{user}/{name}", space.removeprefix("/dav")
    target = {"Destination": f"/remote.php/dav/files/{user}{place}/{name}", "OC-Total-Length": str(total)}
    request("MKCOL", folder, (201,), target)
    for number in range(1, 11):
        request("PUT", f"{folder}/{number:05}", (201,), target, total // 10)
    request("MOVE", f"{folder}/.file", (201,), target)


def cpu():
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(store, name):
    os.sync()
    if os.geteuid() == 0:
        with open("/proc/sys/vm/drop_caches", "w") as caches:
            caches.write("1")
    before, began = cpu(), time.monotonic()
    store(name)
    return time.monotonic() - began, cpu() - before


for number in range(int(rounds)):
    reference = None
    for store in (plain, tus, chunks):
        seconds, used = measured(store, f"{store.__name__}-{number}")
        reference = reference or seconds
        speed, per_gib = total / seconds / 1e6, used / total * 2**30
        print(f"{store.__name__:7}{speed:6.0f} MB/s {per_gib:6.2f} CPU s/GiB {reference / seconds:6.2f} of the PUT", flush=True)
PYTHON
