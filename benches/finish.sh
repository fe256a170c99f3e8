#!/usr/bin/env bash
# finish.sh [GIB [CHUNK_MIB]]: stores a file of so many GiB (20) in chunks of so many MiB (100) as a Nextcloud client does, on a
# fresh server, and prints how long the MOVE takes that makes a file of them. Needs as much disk.
. "$(dirname "$0")/server.sh"
start_server
python3 - "$url" "$credentials" "${1:-20}" "${2:-100}" <<'PYTHON'
import base64, http.client, os, sys, time, urllib.parse

url, credentials, chunk = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[4]) << 20
total = int(float(sys.argv[3]) * 2**30)
user, place = credentials.split(":")[0], url.path.removeprefix("/dav").rstrip("/")
login = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
folder, block = f"/remote.php/dav/uploads/{user}/finish", os.urandom(1 << 20)
target = {"Destination": f"/remote.php/dav/files/{user}{place}/finish", "OC-Total-Length": str(total)}
connection = http.client.HTTPConnection(url.hostname, url.port, timeout=600)


def request(method, path, length=0):
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in {**login, **target, "Content-Length": str(length)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for start in range(0, length, len(block)):
        connection.send(block[:min(len(block), length - start)])
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 201, (method, path, answer.status)


began = time.monotonic()
request("MKCOL", folder)
chunks = range(0, total, chunk)
for number, start in enumerate(chunks, 1):
    request("PUT", f"{folder}/{number:05}", min(chunk, total - start))
sent = time.monotonic()
request("MOVE", f"{folder}/.file")
moved = time.monotonic()
print(f"{total / 2**30:.1f} GiB in {len(chunks)} chunks: sent in {sent - began:.0f} s, MOVE {1e3 * (moved - sent):.0f} ms")
PYTHON
