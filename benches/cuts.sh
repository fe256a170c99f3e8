#!/usr/bin/env bash
# cuts.sh [UPLOADS [MIB [CUTS]]]: that many tus uploads at once (8) of so many MiB (1,024) to a fresh server, each line cut at
# about CUTS (20) random places, half of them with a reset. Each goes on from the offset that the server tells, which may
# never be less than what it told before; then all contents are compared. Prints the most memory the server had.
. "$(dirname "$0")/server.sh"
start_server
python3 - "$url" "$credentials" "$pid" "${1:-8}" "${2:-1024}" "${3:-20}" <<'PYTHON'
import base64, concurrent.futures, hashlib, http.client, os, random, socket, struct, sys, threading, time, urllib.parse

url, credentials, pid = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3]
uploads, mib, cuts = (int(word) for word in sys.argv[4:7])
login = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(), "Tus-Resumable": "1.0.0"}
total = mib << 20


def block(seed, number):
    """A MiB that nothing else is equal to, quickly made."""
    return hashlib.shake_128(f"{seed} {number}".encode()).digest(4096) * 256


def request(method, path, headers, read=False):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
    connection.request(method, path, headers={**login, **headers})
    answer = connection.getresponse()
    return answer, answer.read() if read else None


def append(path, seed, offset, most, with_reset):
    """Sends up to `most` bytes from `offset` and breaks off there if that is not all."""
    line = socket.create_connection((url.hostname, url.port), timeout=120)
    headers = {**login, "Host": url.netloc, "Upload-Offset": offset, "Content-Length": total - offset,
               "Content-Type": "application/offset+octet-stream"}
    head = f"PATCH {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    try:
        line.sendall(head.encode())
        end = min(total, offset + most)
        while offset < end:
            piece = block(seed, offset >> 20)[offset & 0xFFFFF:][:end - offset]
            line.sendall(piece)
            offset += len(piece)
        if end == total:
            return int(line.recv(4096).split()[1])
    except OSError:
        pass
    if with_reset:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def upload(seed):
    chance, name = random.Random(seed), base64.b64encode(f"cut-{seed}".encode()).decode()
    begun, _ = request("POST", url.path, {"Upload-Length": str(total), "Upload-Metadata": f"filename {name}",
                                          "Content-Length": "0"}, True)
    path, told, requests = urllib.parse.urlsplit(begun.getheader("Location")).path, 0, 0
    while True:
        answer, _ = request("HEAD", path, {})
        offset = int(answer.getheader("Upload-Offset"))
        assert offset >= told, f"upload {seed} went back from {told} to {offset}"
        told, requests = offset, requests + 1
        if told == total:
            break
        last = requests > cuts
        most = total if last else chance.randrange(1, 2 * total // cuts)
        if append(path, seed, told, most, chance.random() < 0.5) == 204:
            break
    whole, sent = hashlib.sha256(), hashlib.sha256()
    answer, _ = request("GET", f"{url.path}cut-{seed}", {})
    while piece := answer.read(1 << 20):
        whole.update(piece)
    for number in range(mib):
        sent.update(block(seed, number))
    assert whole.digest() == sent.digest(), f"upload {seed} differs"
    return requests


def memory(stop, most):
    while not stop.wait(0.2):
        with open(f"/proc/{pid}/status") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        most[0] = max(most[0], resident)


stop, most, began = threading.Event(), [0], time.monotonic()
watch = threading.Thread(target=memory, args=(stop, most))
watch.start()
try:
    with concurrent.futures.ThreadPoolExecutor(uploads) as all_at_once:
        requests = sum(all_at_once.map(upload, range(uploads)))
finally:
    stop.set()
    watch.join()
seconds = time.monotonic() - began
print(f"{uploads} x {mib} MiB in {requests} requests: {seconds:.0f} s, equal; the server took at most {most[0] * 1024 / 1e6:.0f} MB")
PYTHON
