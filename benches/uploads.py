#!/usr/bin/env python3
"""Large uploads in parts against a running server; benches/uploads.sh starts one.

uploads.py parallel --url URL --auth NAME:PASSWORD --pid PID [--count 8] [--mib 1024] [--cuts 6]
    So many uploads by tus at once, each cut at random places and gone on with from what the server says it holds.
    The server compares each with its SHA-256. Prints throughput, what had to be sent twice, and the server's memory
    in ten steps.
uploads.py finish --url URL --auth NAME:PASSWORD --pid PID [--mib 61440] [--part 1024] [--protocol ietf|tus|chunks]
    One upload from a repeated source, and how long the request takes that makes it a file.

URL is a folder, such as http://127.0.0.1:8443/dav/space/. The disk must hold all of it.
"""
import argparse, base64, hashlib, http.client, os, random, socket, ssl, struct, sys, threading, time
from urllib.parse import urlsplit

# Not a power of two, so that no two of the server's chunks are alike for long.
BLOCK = (1 << 20) - 3
PIECE = 256 << 10


def fail(text):
    """Ends the program, from whichever thread."""
    print(text, file=sys.stderr, flush=True)
    os._exit(1)


class Source:
    """The same bytes again and again."""

    def __init__(self, seed, length):
        self.block = random.Random(seed).randbytes(BLOCK)
        self.twice = self.block * 2
        self.length = length

    def piece(self, offset, most):
        at = offset % BLOCK
        return memoryview(self.twice)[at : at + min(most, BLOCK)]

    def sha256(self):
        digest, left = hashlib.sha256(), self.length
        while left > 0:
            digest.update(memoryview(self.block)[: min(left, BLOCK)])
            left -= BLOCK
        return digest.hexdigest()


class Server:
    def __init__(self, url, auth):
        self.url = urlsplit(url)
        self.login = "Basic " + base64.b64encode(auth.encode()).decode()

    def connect(self):
        if self.url.scheme == "https":
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=600, context=context)
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=600)

    def ask(self, method, path, headers=None, body=b"", expect=(200, 201, 204, 207)):
        connection = self.connect()
        connection.request(method, path, body, {"Authorization": self.login, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status not in expect:
            fail(f"{method} {path}: {answer.status} {text[:300]}")
        return answer

    def send(self, method, path, headers, source, offset, length, cut=None):
        """Sends length bytes from offset on, or breaks the line after cut of them; the answer, if there is one."""
        connection = self.connect()
        connection.putrequest(method, path)
        for name, value in {"Authorization": self.login, "Content-Length": length, **headers}.items():
            connection.putheader(name, str(value))
        connection.endheaders()
        sent, end = 0, length if cut is None else cut
        try:
            while sent < end:
                piece = source.piece(offset + sent, min(PIECE, end - sent))
                connection.send(piece)
                sent += len(piece)
            if cut is not None:
                if random.random() < 0.5:
                    # As when a laptop is closed: no farewell, and the bytes in flight are lost.
                    linger = struct.pack("ii", 1, 0)
                    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.close()
                return None
        except OSError as error:
            if cut is None:
                fail(f"{method} {path}: {error}")
            return None
        answer = connection.getresponse()
        answer.text = answer.read()
        connection.close()
        return answer


def memory_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024 / 1e6


def watch(pid, samples, stop):
    while not stop.wait(0.02):
        samples.append((time.monotonic(), memory_mb(pid)))


def metadata(**pairs):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def one_parallel(server, number, length, cuts, result):
    source, dice = Source(number, length), random.Random(number)
    tus = {"Tus-Resumable": "1.0.0"}
    name = f"parallel-{number}.bin"
    said = metadata(filename=name, sha256=source.sha256())
    begun = server.ask("POST", server.url.path, {**tus, "Upload-Length": str(length), "Upload-Metadata": said})
    upload = begun.headers["Location"]
    result["ready"].wait()
    told = twice = done = 0
    attempts = list(range(cuts + 1))
    for nth in attempts:
        offset = int(server.ask("HEAD", upload, tus).headers["Upload-Offset"])
        if not told <= offset <= length:
            fail(f"the offset went from {told} to {offset}")
        told, twice = offset, twice + max(0, done - offset)
        rest = length - offset
        if rest == 0:
            break
        cut = dice.randrange(1, max(2, rest // 2)) if nth < cuts else None
        headers = {**tus, "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset}
        answer = server.send("PATCH", upload, headers, source, offset, rest, cut)
        done = offset + (rest if cut is None else cut)
        if cut is None and answer.status == 409:
            # Bytes in flight when the line broke came in between: ask and go on, as any client would.
            attempts.append(cuts)
        elif cut is None and answer.status != 204:
            fail(f"PATCH: {answer.status} {answer.text[:300]}")
    result["twice"] += twice
    result["paths"].append(server.url.path + name)


def parallel(server, args):
    length = args.mib << 20
    result = {"ready": threading.Event(), "twice": 0, "paths": []}
    workers = [threading.Thread(target=one_parallel, args=(server, n, length, args.cuts, result)) for n in range(args.count)]
    for worker in workers:
        worker.start()
    samples, stop = [], threading.Event()
    watcher = threading.Thread(target=watch, args=(args.pid, samples, stop))
    before = memory_mb(args.pid)
    watcher.start()
    began = time.monotonic()
    result["ready"].set()
    for worker in workers:
        worker.join()
    took = time.monotonic() - began
    stop.set()
    watcher.join()
    if len(result["paths"]) != args.count:
        fail("not every upload came to its end")
    sent = args.count * length
    print(f"{args.count} uploads of {args.mib} MiB, {args.cuts} cuts each: {took:.1f} s, {sent / took / 1e6:.0f} MB/s, "
          f"{result['twice'] / 1e6:.1f} MB sent twice")
    steps = [max([rss for at, rss in samples if step * took / 10 <= at - began < (step + 1) * took / 10] or [0]) for step in range(10)]
    print(f"memory, MB: {before:.0f} before; at most " + " ".join(f"{rss:.0f}" for rss in steps) + f"; {memory_mb(args.pid):.0f} after")
    for path in result["paths"]:
        server.ask("DELETE", path)


def finish(server, args):
    length, part = args.mib << 20, min(args.part, args.mib) << 20
    source = Source(1, length)
    path = server.url.path + f"finish-{args.protocol}.bin"
    tus = {"Tus-Resumable": "1.0.0"}
    if args.protocol == "tus":
        said = metadata(filename=os.path.basename(path))
        begun = server.ask("POST", server.url.path, {**tus, "Upload-Length": str(length), "Upload-Metadata": said})
        upload = begun.headers["Location"]
    elif args.protocol == "ietf":
        upload = server.ask("PUT", path, {"Upload-Complete": "?0", "Upload-Length": str(length)}).headers["Location"]
    else:
        user = base64.b64decode(server.login[6:]).decode().split(":")[0]
        upload = f"/remote.php/dav/uploads/{user}/4711"
        server.ask("MKCOL", upload, {"OC-Total-Length": str(length)})
    # With tus the last byte makes the file.
    most = length - 1 if args.protocol == "tus" else length
    began, offset = time.monotonic(), 0
    while offset < most:
        size = min(part, most - offset)
        if args.protocol == "chunks":
            answer = server.send("PUT", f"{upload}/{offset // part + 1:05}", {}, source, offset, size)
        else:
            kind = "application/offset+octet-stream" if args.protocol == "tus" else "application/partial-upload"
            headers = {"Content-Type": kind, "Upload-Offset": offset, **(tus if args.protocol == "tus" else {"Upload-Complete": "?0"})}
            answer = server.send("PATCH", upload, headers, source, offset, size)
        if answer.status not in (201, 204):
            fail(f"{offset}: {answer.status} {answer.text[:300]}")
        offset += size
    sent = time.monotonic() - began
    began = time.monotonic()
    if args.protocol == "chunks":
        destination = f"{server.url.scheme}://{server.url.netloc}{path}"
        server.ask("MOVE", f"{upload}/.file", {"Destination": destination, "OC-Total-Length": str(length)})
    elif args.protocol == "ietf":
        headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(length), "Upload-Complete": "?1"}
        server.ask("PATCH", upload, headers)
    else:
        headers = {**tus, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(length - 1)}
        server.ask("PATCH", upload, headers, bytes(source.piece(length - 1, 1)))
    took = time.monotonic() - began
    told = server.ask("HEAD", path)
    if int(told.headers["Content-Length"]) != length:
        fail("the file has another length")
    print(f"{args.protocol}: {args.mib} MiB in parts of {part >> 20} MiB: {length / sent / 1e6:.0f} MB/s, made a file in "
          f"{took * 1e3:.0f} ms; memory after {memory_mb(args.pid):.0f} MB")
    server.ask("DELETE", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["parallel", "finish"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--auth", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--mib", type=int)
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--part", type=int, default=1024)
    parser.add_argument("--protocol", choices=["ietf", "tus", "chunks"], default="ietf")
    args = parser.parse_args()
    args.mib = args.mib or (1024 if args.what == "parallel" else 61440)
    {"parallel": parallel, "finish": finish}[args.what](Server(args.url, args.auth), args)


if __name__ == "__main__":
    main()
